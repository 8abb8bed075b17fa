import { useLayoutEffect, useRef } from "react";
import { matchPath, NavigationType, useLocation, useNavigationType } from "react-router";

import { liveSession } from "../ui/liveSession";

/** What happens whenever another page is shown: the session is left, focus and scroll move on. */
export function usePageChange(): void {
  const { pathname } = useLocation();
  const movement = useNavigationType();
  const shown = useRef(pathname);

  // A layout effect, so that the last session is closed before the next page can open its own.
  useLayoutEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    // A session belongs to its page: who leaves the page leaves the session.
    if (matchPath("/session/:id", pathname) === null) liveSession.closeSocket();
    // Going back and forth, the browser itself finds the place again.
    if (movement !== NavigationType.Pop) scrollTo(0, 0);
    // A screen reader goes on reading at the new page, not at the link that was followed.
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [pathname, movement]);
}
