/** The registered application's pages with React Router. */
import {
  Component,
  type ComponentType,
  lazy,
  type ReactNode,
  StrictMode,
  Suspense,
  useLayoutEffect,
  useRef,
} from "react";
import { createRoot } from "react-dom/client";
import {
  BrowserRouter,
  matchRoutes,
  Navigate,
  NavigationType,
  type RouteObject,
  useLocation,
  useNavigationType,
  useRoutes,
  useSearchParams,
} from "react-router";

import {
  type Accounts,
  type App,
  configureApp,
  currentApp as registeredApp,
  explainsSignOut,
  leaveSessionAt,
  type PageRoute,
  pageTitle,
} from "../app";
import { inspectorSwitch, prepareInspector } from "../inspector/switch";
import { focusPage } from "../ui/focus";
import { pageNumber } from "../ui/paging";
import { useReadable, useSession } from "./session";

/** The type of a page, and of the account menu. */
export type PageComponent = ComponentType;

/** The registered application. */
export const currentApp = registeredApp as () => App<PageComponent>;

/** Registers the application and shows `Layout` in the element `root`. */
export async function startApp(
  app: App<ComponentType>,
  Layout: ComponentType,
  root: Element,
): Promise<void> {
  configureApp(app);
  // RequireAccount redirects users who are signed out, on the pages that need an account.
  app.accounts?.follow(() => undefined);
  void app.accounts?.start();
  await Promise.all([loadFirstPage(), prepareInspector()]);
  createRoot(root).render(
    <StrictMode>
      <BrowserRouter>
        <Layout />
      </BrowserRouter>
    </StrictMode>,
  );
}

/** The registered application's pages. */
function allPages(): PageRoute<PageComponent>[] {
  const { pages, notFound } = currentApp();
  return [...pages, { path: "*", load: notFound }];
}

/** The page that is opened first, by the function that loads it. */
const loaded = new Map<PageRoute["load"], PageComponent>();

/**
 * Loads the code of the first page before anything is shown: React reveals the content of a
 * `Suspense` 300 ms after its fallback at the earliest.
 */
async function loadFirstPage(): Promise<void> {
  const [match] = matchRoutes(allPages(), location.pathname) ?? [];
  if (match === undefined) return;
  const { load } = match.route;
  try {
    loaded.set(load, (await load()).default);
  } catch {
    // It is loaded again when it is shown, where `PageBoundary` reports the failure.
  }
}

let routes: RouteObject[] | null = null;

/** The routes of the registered application, made once. */
function pageRoutes(): RouteObject[] {
  routes ??= allPages().map(({ path, title, account, load }) => {
    const Content = loaded.get(load) ?? lazy(load);
    return { path, element: <Page title={title} account={account === true} Content={Content} /> };
  });
  return routes;
}

interface PageProps {
  title: string | undefined;
  account: boolean;
  Content: PageComponent;
}

function Page({ title, account, Content }: PageProps) {
  useLayoutEffect(() => {
    document.title = pageTitle(title);
  }, [title]);
  const { accounts } = currentApp();
  if (!account || accounts === null) return <Content />;
  return (
    <RequireAccount accounts={accounts}>
      <Content />
    </RequireAccount>
  );
}

/** Redirects users who are not signed in to the sign-in page, now and when they are signed out. */
function RequireAccount({ accounts, children }: { accounts: Accounts; children: ReactNode }) {
  const account = useReadable(accounts);
  const { pathname, search, hash, key } = useLocation();
  const explained = useSession((state) => explainsSignOut(account, state, pathname));
  if (account.status === "starting") return null;
  if (account.status === "signedOut" && !explained) {
    // The key: coming here once more, before that page was shown, redirects once more.
    const to = accounts.signInPath(pathname + search + hash);
    return <Navigate key={key} to={to} replace />;
  }
  return children;
}

/** The page of the current address. While the next page's code loads, the last one stays. */
export function CurrentPage() {
  usePageChange();
  const { pathname } = useLocation();
  const page = useRoutes(pageRoutes());
  return (
    <Suspense>
      <PageBoundary key={pathname}>{page}</PageBoundary>
    </Suspense>
  );
}

/** After each change of the page: leaves the session and moves focus and scroll position. */
function usePageChange(): void {
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

/** Which page of its list the address asks for. */
export function usePageNumber(): number {
  const [query] = useSearchParams();
  return pageNumber(query.get("page"));
}

/** Shown when a page's code cannot be loaded or fails: the header and the session stay. */
class PageBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <div className="page page-narrow">
        <div role="alert" className="panel empty">
          <h1 className="panel-title">This page could not be shown</h1>
          <p className="muted">
            Check your connection and try again. If that does not help, this page has a fault.
          </p>
          <button
            type="button"
            className="btn btn-primary"
            onClick={() => {
              location.reload();
            }}
          >
            Try again
          </button>
        </div>
      </div>
    );
  }
}

const InspectorDrawer = lazy(() => import("./inspector/InspectorDrawer"));

/** The inspector, where it is switched on. Its code is loaded only there. */
export function PageInspector() {
  const on = useReadable(inspectorSwitch);
  if (!on) return null;
  return (
    <Suspense>
      <InspectorDrawer />
    </Suspense>
  );
}

export { default as AppIcon } from "./AppIcon";
