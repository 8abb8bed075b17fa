import { useSearchParams } from "react-router";

import { pageNumber } from "../ui/paging";

/** Which page of its list the address asks for. */
export function usePageNumber(): number {
  const [query] = useSearchParams();
  return pageNumber(query.get("page"));
}
