import { computed, type ComputedRef, type Component } from "vue";

import { auth } from "../../api/auth";
import { useReadable } from "../../duplex";
import { methods } from "./methods";

/** The form of the pending second step; null when there is none. */
export function useSecondStep(): ComputedRef<Component | null> {
  const due = useReadable(auth.secondStep);
  return computed(() => methods.find(({ name }) => name === due.value?.method)?.Step ?? null);
}
