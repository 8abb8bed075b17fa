import { describe, expect, it } from "vitest";

import { Outbox } from "@duplex/client/outbox";
import { SessionError } from "@duplex/client/types";

const always = (): boolean => true;

/** Sends what goes out now; answers the ids. */
function flushed(outbox: Outbox, ready: () => boolean = always): (string | null)[] {
  const ids: (string | null)[] = [];
  outbox.flush(ready, ({ id }) => ids.push(id));
  return ids;
}

function filled(count: number): Outbox {
  const outbox = new Outbox();
  for (let n = 1; n <= count; n += 1) outbox.add(String(n), { n });
  return outbox;
}

describe("the outbox", () => {
  it("sends in the order of the requests, each once", () => {
    const outbox = filled(3);
    expect(flushed(outbox)).toEqual(["1", "2", "3"]);
    expect(flushed(outbox)).toEqual([]);
  });

  it("sends unanswered requests again after a reconnect, before new ones and with the same ids", () => {
    const outbox = filled(3);
    flushed(outbox);
    outbox.remove("2");
    outbox.add("4", {});
    outbox.rewind();
    expect(flushed(outbox)).toEqual(["1", "3", "4"]);
  });

  it("forgets a frame without a reply as soon as it is sent", () => {
    const outbox = new Outbox();
    outbox.add(null, { state: "custom" });
    expect(flushed(outbox)).toEqual([null]);
    outbox.rewind();
    expect(flushed(outbox)).toEqual([]);
  });

  it("limits the requests in flight, so that a long queue exceeds no limit", () => {
    const outbox = filled(20);
    expect(flushed(outbox)).toHaveLength(16);
    outbox.remove("1");
    outbox.remove("2");
    expect(flushed(outbox)).toEqual(["17", "18"]);
  });

  it("stops while the connection is congested, and continues afterwards", () => {
    const outbox = filled(3);
    let room = 2;
    expect(flushed(outbox, () => room-- > 0)).toEqual(["1", "2"]);
    expect(outbox.waiting).toBe(true);
    expect(flushed(outbox)).toEqual(["3"]);
    expect(outbox.waiting).toBe(false);
  });

  it("is bounded in count, including unanswered requests, and reports it", () => {
    const outbox = new Outbox({ count: 2 });
    outbox.add("1", {});
    flushed(outbox);
    outbox.add("2", {});
    const refused = (): void => {
      outbox.add("3", {});
    };
    expect(refused).toThrow(SessionError);
    expect(refused).toThrow(expect.objectContaining({ code: "queue_full" }) as Error);
    outbox.remove("1");
    expect(refused).not.toThrow();
  });

  it("is bounded in bytes on the wire, and frees them with the reply", () => {
    // {"t":"ä…"}: eight bytes of frame and two for each letter.
    const frame = { t: "ä".repeat(46) };
    const outbox = new Outbox({ bytes: 200 });
    outbox.add("1", frame);
    outbox.add("2", frame);
    const refused = (): void => {
      outbox.add("3", {});
    };
    expect(refused).toThrow(expect.objectContaining({ code: "queue_full" }) as Error);
    outbox.remove("2");
    expect(refused).not.toThrow();
  });

  it("knows the biggest request in flight, in case the server reports one as too big", () => {
    const outbox = new Outbox();
    outbox.add("small", { t: "x" });
    outbox.add("big", { t: "x".repeat(100) });
    expect(outbox.tooBig(null)).toBeNull();
    flushed(outbox);
    outbox.add("bigger but not sent", { t: "x".repeat(200) });
    expect(outbox.tooBig(null)?.id).toBe("big");
    expect(outbox.tooBig(100)?.id).toBe("big");
    expect(outbox.tooBig(1000)).toBeNull();
  });

  it("blames no request while a bigger frame without a reply is in flight", () => {
    const outbox = new Outbox();
    outbox.add("small", { t: "x" });
    outbox.add(null, { t: "x".repeat(100) });
    flushed(outbox);
    expect(outbox.tooBig(null)).toBeNull();
    outbox.rewind();
    flushed(outbox);
    expect(outbox.tooBig(null)?.id).toBe("small");
  });
});
