/** What the browser knows about the network and the page. */
export interface PageEvents {
  online: () => void;
  offline: () => void;
  /** The page is looked at again, perhaps after the computer slept. */
  awake: () => void;
}

/** False only when the browser is sure that there is no network. */
export function isOnline(): boolean {
  return typeof navigator === "undefined" || navigator.onLine;
}

/** Listens until the returned function is called; does nothing outside a page. */
export function watchPage(events: PageEvents): () => void {
  if (typeof window === "undefined") return () => undefined;
  const listening = new AbortController();
  const { signal } = listening;
  window.addEventListener("online", events.online, { signal });
  window.addEventListener("offline", events.offline, { signal });
  document.addEventListener(
    "visibilitychange",
    () => {
      if (document.visibilityState === "visible") events.awake();
    },
    { signal },
  );
  return () => {
    listening.abort();
  };
}
