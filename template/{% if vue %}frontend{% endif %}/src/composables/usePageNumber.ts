import { computed, type ComputedRef } from "vue";
import { useRoute } from "vue-router";

import { pageNumber } from "../ui/paging";

/** Which page of its list the address asks for. It stays what it was while one leaves for another path. */
export function usePageNumber(): ComputedRef<number> {
  const route = useRoute();
  const { path } = route;
  return computed<number>((before) =>
    before !== undefined && route.path !== path ? before : pageNumber(route.query["page"]),
  );
}
