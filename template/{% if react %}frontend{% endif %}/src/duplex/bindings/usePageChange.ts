import { useLayoutEffect, useRef } from "react";
import { NavigationType, useLocation, useNavigationType } from "react-router";

import { leaveSessionAt } from "../app/app";
import { focusPage } from "../ui/focus";

/** After each change of the page: leaves the session and moves focus and scroll position. */
export function usePageChange(): void {
  const { pathname } = useLocation();
  const movement = useNavigationType();
  const shown = useRef(pathname);

  // A layout effect: the last session is closed before the next page can open its own.
  useLayoutEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    leaveSessionAt(pathname);
    // After "back" and "forward" the browser restores the position itself.
    if (movement !== NavigationType.Pop) scrollTo(0, 0);
    // A screen reader continues at the new page, not at the link that was followed.
    focusPage();
  }, [pathname, movement]);
}
