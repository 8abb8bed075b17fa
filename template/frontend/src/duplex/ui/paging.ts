import { createStore, forgetting, type Readable } from "../client/stores";
import { attempt, problemOf } from "./toasts";

/** A part of a long list: `limit` entries at most, after the first `offset` ones. */
export interface Slice {
  readonly limit: number;
  readonly offset: number;
}

/** The entries of a slice, and the length of the whole list. */
export interface Part<T> {
  readonly items: readonly T[];
  readonly total: number;
}

/** The query string of a REST route that returns a slice. */
export const sliceQuery = ({ limit, offset }: Slice): string => `?limit=${limit}&offset=${offset}`;

/** How many entries of a list are on the page at once. */
export const PAGE_SIZE = 50;

export interface PagedState<T> {
  /** The entries of the page; null until the first response. */
  readonly items: readonly T[] | null;
  /** The page they are on, from 1. */
  readonly page: number;
  /** How many entries the whole list has. */
  readonly total: number;
  /** Why the list could not be loaded, as a sentence. */
  readonly problem: string | null;
}

/** One page of a list on the server, as of the last request. */
export interface PagedList<T> extends Readable<PagedState<T>> {
  /** Requests a page; without a number, the current one again. A failure is in `problem`. */
  readonly load: (page?: number) => Promise<void>;
  /** Runs an action and reloads the page. A toast reports the outcome; resolves to whether it succeeded. */
  readonly change: (action: () => Promise<unknown>, done: string) => Promise<boolean>;
  /** Returns to the state before the first response. */
  readonly forget: () => void;
}

const lastPage = (total: number): number => Math.max(1, Math.ceil(total / PAGE_SIZE));

export function createPagedList<T>(ask: (slice: Slice) => Promise<Part<T>>): PagedList<T> {
  const start: PagedState<T> = { items: null, page: 1, total: 0, problem: null };
  const store = createStore(start);
  let wanted = 1;
  /** Counts requests: only the response to the last one counts. */
  let asked = 0;

  async function load(page = wanted): Promise<void> {
    wanted = page;
    asked += 1;
    const mine = asked;
    store.set({ ...store.getSnapshot(), problem: null });
    try {
      const { items, total } = await ask({ limit: PAGE_SIZE, offset: (page - 1) * PAGE_SIZE });
      if (mine !== asked) return;
      // The page no longer exists, for example because its last entry was deleted.
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

/** A list that the server sends as a whole. */
export const createList = <T>(ask: () => Promise<readonly T[]>): PagedList<T> =>
  createPagedList(async () => {
    const items = await ask();
    return { items, total: items.length };
  });

/** The page number in `?page=` of an address; 1 when there is no valid one. */
export function pageNumber(asked: unknown): number {
  return typeof asked === "string" && /^[1-9]\d{0,5}$/u.test(asked) ? Number(asked) : 1;
}

/** The address of one page of the list at `path`, which may have a query. */
const pagePath = (path: string, page: number): string =>
  page === 1 ? path : `${path}${path.includes("?") ? "&" : "?"}page=${page}`;

export interface PageTurning {
  /** Such as "51–100 of 120". */
  readonly text: string;
  readonly previous: string | null;
  readonly next: string | null;
}

/** The links to the other pages of the list at `path`; null when everything is on one page. */
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
