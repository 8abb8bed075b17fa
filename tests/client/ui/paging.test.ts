import { describe, expect, it, vi } from "vitest";

import { ApiError } from "@duplex/client/rest";
import type { Part, Slice } from "@duplex/ui/paging";
import {
  createPagedList,
  PAGE_SIZE,
  type PagedList,
  pageNumber,
  pageTurning,
} from "@duplex/ui/paging";
import { forgetting } from "@duplex/client/stores";
import { toasts } from "@duplex/ui/toasts";

/** A list of the numbers from 1 to `entries.total`, and the slices that were asked for. */
function numbers(total: number) {
  const entries = { total };
  const asked: Slice[] = [];
  const list = createPagedList((slice) => {
    asked.push(slice);
    const all = Array.from({ length: entries.total }, (_, index) => index + 1);
    const items = all.slice(slice.offset, slice.offset + slice.limit);
    return Promise.resolve({ items, total: entries.total });
  });
  return { entries, asked, list };
}

function shown(list: PagedList<number>) {
  const { items, page } = list.getSnapshot();
  return { page, first: items?.[0], last: items?.at(-1) };
}

describe("a list in pages", () => {
  it("is empty before the first response, then shows the requested page", async () => {
    const { list } = numbers(120);
    expect(list.getSnapshot()).toEqual({ items: null, page: 1, total: 0, problem: null });
    await list.load(2);
    expect(shown(list)).toEqual({ page: 2, first: 51, last: 100 });
    await list.load(3);
    expect(shown(list)).toEqual({ page: 3, first: 101, last: 120 });
  });

  it("shows the same page after a change, filled up from the next one", async () => {
    const { list, entries } = numbers(120);
    await list.load(2);
    const worked = await list.change(() => {
      entries.total = 70;
      return Promise.resolve();
    }, "Done.");
    expect(worked).toBe(true);
    expect(shown(list)).toEqual({ page: 2, first: 51, last: 70 });
    expect(toasts.getSnapshot().map(({ text }) => text)).toContain("Done.");
  });

  it("goes to the last page when its page no longer exists", async () => {
    const { list, entries } = numbers(2 * PAGE_SIZE + 1);
    await list.load(3);
    entries.total = 2 * PAGE_SIZE;
    await list.load();
    expect(shown(list)).toEqual({ page: 2, first: 51, last: 100 });
    entries.total = 0;
    await list.load();
    expect(list.getSnapshot()).toEqual({ items: [], page: 1, total: 0, problem: null });
  });

  it("shows the page requested last, whichever response arrives last", async () => {
    const waiting: ((part: Part<string>) => void)[] = [];
    const list = createPagedList<string>(() => new Promise((resolve) => waiting.push(resolve)));
    const both = [list.load(1), list.load(2)];
    waiting[1]?.({ items: ["second"], total: 51 });
    waiting[0]?.({ items: ["first"], total: 51 });
    await Promise.all(both);
    expect(list.getSnapshot()).toMatchObject({ items: ["second"], page: 2 });
  });

  it("shows an error, and can load the same page again", async () => {
    const ask = vi.fn<(slice: Slice) => Promise<Part<number>>>();
    ask.mockRejectedValueOnce(new ApiError(0, "offline", "No server."));
    const list = createPagedList(ask);
    await list.load(2);
    expect(list.getSnapshot()).toMatchObject({ items: null, problem: "No server." });
    ask.mockResolvedValue({ items: [51], total: 51 });
    await list.load();
    expect(ask).toHaveBeenLastCalledWith({ limit: PAGE_SIZE, offset: PAGE_SIZE });
    expect(list.getSnapshot()).toMatchObject({ items: [51], page: 2, problem: null });
  });

  it("requests nothing after a failed change", async () => {
    const { list, asked } = numbers(1);
    await list.load();
    const refuse = () => Promise.reject(new ApiError(403, "forbidden", "Not you."));
    expect(await list.change(refuse, "Done.")).toBe(false);
    expect(asked).toHaveLength(1);
    expect(toasts.getSnapshot().map(({ text }) => text)).toContain("Not you.");
  });

  it("shows nothing of one account to the next", async () => {
    const { list } = numbers(120);
    await list.load(2);
    const late = list.load(3);
    forgetting.emit(undefined);
    await late;
    expect(list.getSnapshot()).toEqual({ items: null, page: 1, total: 0, problem: null });
  });
});

describe("turning pages", () => {
  const at = (page: number, count: number, total: number) =>
    pageTurning(
      { items: Array.from({ length: count }, () => 0), page, total, problem: null },
      "/list",
    );

  it("is hidden when everything is on one page", () => {
    expect(at(1, PAGE_SIZE, PAGE_SIZE)).toBeNull();
    expect(at(1, 0, 0)).toBeNull();
    expect(pageTurning({ items: null, page: 1, total: 0, problem: null }, "/list")).toBeNull();
  });

  it("shows the position and leads back and forward", () => {
    expect(at(1, 50, 51)).toEqual({ text: "1–50 of 51", previous: null, next: "/list?page=2" });
    expect(at(2, 50, 120)).toEqual({
      text: "51–100 of 120",
      previous: "/list",
      next: "/list?page=3",
    });
    expect(at(3, 20, 120)).toEqual({
      text: "101–120 of 120",
      previous: "/list?page=2",
      next: null,
    });
  });

  it("shows the first page for an invalid page number", () => {
    expect(["2", "30"].map(pageNumber)).toEqual([2, 30]);
    for (const asked of [null, undefined, "", "0", "-1", "1.5", "two", "1e9", "9".repeat(7), ["2"]])
      expect(pageNumber(asked)).toBe(1);
  });
});
