import { type Component, computed, type ComputedRef, type ShallowRef, watch } from "vue";

import { auth } from "../../api/auth";
import { focusField, useReadable } from "../../duplex";
import { methods } from "./methods";

/**
 * The form of the pending second step; null when there is none. When the user begins again, the focus
 * moves to the first field inside `forms`.
 */
export function useSecondStep(
  forms: Readonly<ShallowRef<HTMLElement | null>>,
): ComputedRef<Component | null> {
  const due = useReadable(auth.secondStep);
  const step = computed(() => methods.find(({ name }) => name === due.value?.method)?.Step ?? null);
  watch(
    step,
    (now) => {
      if (now === null) focusField(forms.value);
    },
    { flush: "post" },
  );
  return step;
}
