import { computed, type ComputedRef } from "vue";
import { useRoute } from "vue-router";

import { pageNumber } from "../ui/paging";

/** The number of the page of a list in the address. It keeps its value while the user navigates away. */
export function usePageNumber(): ComputedRef<number> {
  const route = useRoute();
  const { path } = route;
  return computed<number>((before) =>
    before !== undefined && route.path !== path ? before : pageNumber(route.query["page"]),
  );
}
