/** A part of a long list: `limit` entries at most, after the first `offset` ones. */
export interface Slice {
  readonly limit: number;
  readonly offset: number;
}

/** What the server says of a slice: its entries, and how many the whole list has. */
export interface Part<T> {
  readonly items: readonly T[];
  readonly total: number;
}

/** The query of a REST route that answers a slice. */
export const sliceQuery = ({ limit, offset }: Slice): string => `?limit=${limit}&offset=${offset}`;
