import type { Part, Slice } from "../api/slices";
import { forgetting } from "./forgetting";
import { attempt, problemOf } from "./problem";
import { createStore, type Readable } from "./store";

/** How many entries of a list are on the page at once. */
export const PAGE_SIZE = 50;

export interface PagedState<T> {
  /** The entries of the page; null until the first answer. */
  readonly items: readonly T[] | null;
  /** The page they are on, from 1. */
  readonly page: number;
  /** How many entries the whole list has. */
  readonly total: number;
  /** Why there is no list, as a sentence. */
  readonly problem: string | null;
}

/** A list of the server's, one page of it as it was when last asked for. */
export interface PagedList<T> extends Readable<PagedState<T>> {
  /** Asks for a page, without a number for the same one again; what went wrong is in `problem`. */
  readonly load: (page?: number) => Promise<void>;
  /** Does something and asks for the page again; answers whether it worked, a toast says how. */
  readonly change: (action: () => Promise<unknown>, done: string) => Promise<boolean>;
  /** As before the first answer. */
  readonly forget: () => void;
}

const lastPage = (total: number): number => Math.max(1, Math.ceil(total / PAGE_SIZE));

export function createPagedList<T>(ask: (slice: Slice) => Promise<Part<T>>): PagedList<T> {
  const start: PagedState<T> = { items: null, page: 1, total: 0, problem: null };
  const store = createStore(start);
  let wanted = 1;
  /** Grows with each question: only the answer to the last one counts. */
  let asked = 0;

  async function load(page = wanted): Promise<void> {
    wanted = page;
    asked += 1;
    const mine = asked;
    store.set({ ...store.getSnapshot(), problem: null });
    try {
      const { items, total } = await ask({ limit: PAGE_SIZE, offset: (page - 1) * PAGE_SIZE });
      if (mine !== asked) return;
      // The page has gone, for example because the last entry on it was deleted.
      if (items.length === 0 && page > lastPage(total)) await load(lastPage(total));
      else store.set({ items, page, total, problem: null });
    } catch (error) {
      if (mine === asked) store.set({ ...start, problem: problemOf(error) });
    }
  }

  function forget(): void {
    asked += 1;
    wanted = 1;
    store.set(start);
  }
  forgetting.addListener(forget);

  return {
    subscribe: store.subscribe,
    getSnapshot: store.getSnapshot,
    load,
    forget,
    async change(action, done) {
      const worked = await attempt(action, done);
      if (worked) await load();
      return worked;
    },
  };
}

/** The number of the page that an address asks for with `?page=`; the first one when it is none. */
export function pageNumber(asked: unknown): number {
  return typeof asked === "string" && /^[1-9]\d{0,5}$/u.test(asked) ? Number(asked) : 1;
}

/** The address of one page of the list at `path`. */
const pagePath = (path: string, page: number): string =>
  page === 1 ? path : `${path}?page=${page}`;

export interface PageTurning {
  /** Which entries these are, of how many. */
  readonly text: string;
  readonly previous: string | null;
  readonly next: string | null;
}

/** How one gets through the list at `path`; null where all of it is on the page. */
export function pageTurning<T>(state: PagedState<T>, path: string): PageTurning | null {
  const { items, page, total } = state;
  if (items === null || (page === 1 && total <= items.length)) return null;
  const first = (page - 1) * PAGE_SIZE + 1;
  return {
    text: `${first}–${first + items.length - 1} of ${total}`,
    previous: page > 1 ? pagePath(path, page - 1) : null,
    next: page < lastPage(total) ? pagePath(path, page + 1) : null,
  };
}
