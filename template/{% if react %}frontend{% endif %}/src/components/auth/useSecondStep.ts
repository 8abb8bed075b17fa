import { createElement, type ReactElement } from "react";

import { auth } from "../../api/auth";
import { useReadable } from "../../duplex";
import { methods } from "./methods";

/** The form of the pending second step; null when there is none. */
export function useSecondStep(): ReactElement | null {
  const due = useReadable(auth.secondStep);
  const form = methods.find(({ name }) => name === due?.method)?.Step ?? null;
  return form && createElement(form);
}
