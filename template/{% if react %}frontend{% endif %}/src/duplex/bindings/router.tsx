import { lazy, type ReactNode, Suspense, useLayoutEffect } from "react";
import { Navigate, type RouteObject, useLocation, useRoutes } from "react-router";

import { type Accounts, explainsSignOut, type PageRoute, pageTitle } from "../app/app";
import { currentApp, type PageComponent } from "./app";
import PageBoundary from "./PageBoundary";
import { usePageChange } from "./usePageChange";
import { useReadable } from "./useReadable";
import { useSession } from "./useSession";

let routes: RouteObject[] | null = null;

/** The routes of the registered application, made once. */
function pageRoutes(): RouteObject[] {
  const { pages, notFound } = currentApp();
  const all: readonly PageRoute<PageComponent>[] = [...pages, { path: "*", load: notFound }];
  routes ??= all.map(({ path, title, account, load }) => ({
    path,
    element: <Page title={title} account={account === true} Content={lazy(load)} />,
  }));
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
  const { status } = useReadable(accounts);
  const { pathname, search, hash, key } = useLocation();
  const explained = useSession((state) => explainsSignOut(state, pathname));
  if (status === "starting") return null;
  if (status === "signedOut" && !explained) {
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
