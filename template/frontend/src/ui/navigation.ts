import type { IconName } from "./icons";

export interface NavigationItem {
  to: string;
  label: string;
  icon: IconName;
}

/** The links in the header; on a phone they stand in the dock, after `HOME`. */
export const NAVIGATION: readonly NavigationItem[] = [
  { to: "/session", label: "Session", icon: "duplex" },
  { to: "/saved", label: "Saved", icon: "saved" },
  { to: "/settings", label: "Settings", icon: "settings" },
];

export const HOME: NavigationItem = { to: "/", label: "Home", icon: "home" };

/** Whether the page at `path` belongs to a link: itself or something below it. */
export function isCurrent(path: string, to: string): boolean {
  return path === to || (to !== "/" && path.startsWith(`${to}/`));
}

/** The document's title for a page. */
export function pageTitle(page: string | undefined, project: string): string {
  return page === undefined ? project : `${page} · ${project}`;
}
