import { vi } from "vitest";

/** What the browser says of the network. */
export function setOnline(online: boolean): void {
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(online);
  window.dispatchEvent(new Event(online ? "online" : "offline"));
}

/** The page is shown again, after however long. */
export function showPage(): void {
  document.dispatchEvent(new Event("visibilitychange"));
}

/** pagehide or pageshow; `persisted`: the page goes to, or comes from, the back/forward cache. */
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
