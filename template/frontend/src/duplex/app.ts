import { CLOSE } from "./client/protocol.generated";
import type { Api } from "./client/rest";
import type { Readable } from "./client/stores";
import { configureSession, liveSession } from "./session/live";
import type { SessionState } from "./session/state";
import type { SessionParts } from "./session/store";
import { type IconName, ICONS } from "./ui/appearance";

/** One page. `Component` is the framework's type of a page. */
export interface PageRoute<Component = unknown> {
  /** Such as `/boards/:id`. */
  readonly path: string;
  readonly load: () => Promise<{ default: Component }>;
  /** The document's title on this page, before the application's name. */
  readonly title?: string;
  /** Needs an account, in an application with sign-in. */
  readonly account?: boolean;
}

/** A link in the header and, on a phone, in the dock. */
export interface NavigationItem {
  readonly to: string;
  readonly label: string;
  readonly icon: IconName;
  /** Only admins see it. */
  readonly admin?: boolean;
}

/** The state of the sign-in that pages and links depend on. */
export interface AccountState {
  readonly status: "starting" | "signedIn" | "signedOut";
  readonly user: { readonly is_admin: boolean } | null;
  /** Signed out by the server and not by the user. */
  readonly expired?: boolean;
}

/** The application's sign-in. */
export interface Accounts extends Readable<AccountState> {
  /** Determines the signed-in user once. Never rejects. */
  start(): Promise<void>;
  /** The page for signing in, which then leads to `next`, a path of this site. */
  signInPath(next: string): string;
  /** Calls `onLeft` whenever the user is signed out: here, in another tab, or by the server. */
  follow(onLeft: () => void): void;
}

/** The parts that an application registers: see `src/app.ts`. */
export interface App<Component = unknown> {
  readonly name: string;
  readonly description: string;
  readonly api: Api;
  readonly session: SessionParts;
  readonly pages: readonly PageRoute<Component>[];
  /** The page of an unknown address. */
  readonly notFound: PageRoute<Component>["load"];
  readonly navigation: readonly NavigationItem[];
  /** Icons in addition to the engine's: SVG paths on a 24 × 24 grid, drawn with a round stroke. */
  readonly icons?: Readonly<Record<string, string>>;
  readonly paths: {
    readonly home: string;
    /** Where a session is started, and where a sign-in leads that no page asked for. */
    readonly start: string;
    /** The page of a session. Navigating to any other page leaves the session. */
    readonly session: (id: string) => string;
  };
  /** Null without sign-in. */
  readonly accounts: Accounts | null;
  /** Stands at the end of the header; null without sign-in. */
  readonly accountMenu: Component | null;
}

let current: App | null = null;
let icons: Readonly<Partial<Record<string, string>>> = ICONS;

/** Registers the application. Call it once, before anything is shown. */
export function configureApp(app: App): void {
  current = app;
  icons = { ...ICONS, ...app.icons };
  configureSession(app.session);
}

/** The registered application. */
export function currentApp(): App {
  if (current === null) throw new Error("No application is registered: call configureApp first.");
  return current;
}

/** The SVG path of an icon. */
export const iconPath = (name: IconName): string => icons[name] ?? "";

/** The links for the present user. */
export function linksFor(state: AccountState | null): readonly NavigationItem[] {
  const isAdmin = state?.user?.is_admin === true;
  return currentApp().navigation.filter((item) => item.admin !== true || isAdmin);
}

/** Whether the page at `path` belongs to a link: the link's page itself, or one below it. */
export function isCurrent(path: string, to: string): boolean {
  return path === to || (to !== "/" && path.startsWith(`${to}/`));
}

/** The document's title on a page. */
export function pageTitle(title: string | undefined): string {
  const { name } = currentApp();
  return title === undefined ? name : `${title} · ${name}`;
}

/**
 * Whether the page at `path` shows a session that ended because the sign-in expired or was revoked.
 * It explains that itself and offers to sign in, so nobody is redirected away from it.
 */
export function explainsSignOut(
  account: AccountState,
  { code, session }: SessionState,
  path: string,
): boolean {
  if (account.status !== "signedOut" || account.expired !== true) return false;
  return (
    code === CLOSE.notSignedIn && session !== null && path === currentApp().paths.session(session)
  );
}

/** Another page is shown: leaves the session, unless the page at `path` is the session's own. */
export function leaveSessionAt(path: string): void {
  const { session } = liveSession.getSnapshot();
  if (session !== null && path === currentApp().paths.session(session)) return;
  liveSession.closeSocket();
}
