import { vi } from "vitest";

/** Sets whether the browser reports a network. */
export function setOnline(online: boolean): void {
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(online);
  window.dispatchEvent(new Event(online ? "online" : "offline"));
}

/** The page becomes visible again. */
export function showPage(): void {
  document.dispatchEvent(new Event("visibilitychange"));
}

/** Fires pagehide or pageshow; `persisted`: into, or out of, the back/forward cache. */
export function pageTransition(type: "pagehide" | "pageshow", persisted: boolean): void {
  window.dispatchEvent(new PageTransitionEventLike(type, persisted));
}

class PageTransitionEventLike extends Event {
  readonly persisted: boolean;
  constructor(type: string, persisted: boolean) {
    super(type);
    this.persisted = persisted;
  }
}
