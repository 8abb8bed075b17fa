import type { IconName } from "./icons";
import { createStore, type Readable } from "./store";

export interface NavigationItem {
  to: string;
  label: string;
  icon: IconName;
}

/** The links in the header; on a phone they stand in the dock, after `HOME`. */
export type Navigation = Readable<readonly NavigationItem[]>;

/** The links with `more` of them, which a feature brings. */
export const links = (...more: NavigationItem[]): readonly NavigationItem[] => [
  { to: "/session", label: "Session", icon: "duplex" },
  { to: "/saved", label: "Saved", icon: "saved" },
  ...more,
  { to: "/settings", label: "Settings", icon: "settings" },
];

/** The same links for everybody. */
export const navigation: Navigation = createStore(links());

export const HOME: NavigationItem = { to: "/", label: "Home", icon: "home" };

/** Whether the page at `path` belongs to a link: itself or something below it. */
export function isCurrent(path: string, to: string): boolean {
  return path === to || (to !== "/" && path.startsWith(`${to}/`));
}

/** The document's title for a page. */
export function pageTitle(page: string | undefined, project: string): string {
  return page === undefined ? project : `${page} · ${project}`;
}
