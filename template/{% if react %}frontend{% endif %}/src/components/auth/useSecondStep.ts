import { createElement, type ReactElement, type RefObject, useEffect, useRef } from "react";

import { auth } from "../../api/auth";
import { focusField, useReadable } from "../../duplex";
import { methods } from "./methods";

/**
 * The form of the pending second step; null when there is none. When the user begins again, the focus
 * moves to the first field inside `forms`.
 */
export function useSecondStep(forms: RefObject<HTMLElement | null>): ReactElement | null {
  const due = useReadable(auth.secondStep);
  const form = methods.find(({ name }) => name === due?.method)?.Step ?? null;
  const wasDue = useRef(false);
  useEffect(() => {
    if (wasDue.current && form === null) focusField(forms.current);
    wasDue.current = form !== null;
  }, [form, forms]);
  return form && createElement(form);
}
