import { type ComponentType, lazy, Suspense, useLayoutEffect } from "react";
import { type RouteObject, useLocation, useRoutes } from "react-router";

import PageBoundary from "./components/PageBoundary";
import { features } from "./features";
import { project } from "./project";
import { pageTitle } from "./ui/navigation";

/** One page: where it is, what the document is called there, and how its code is loaded. */
export interface PageRoute {
  readonly path: string;
  readonly load: () => Promise<{ default: ComponentType }>;
  readonly title?: string;
  /** Needs an account, where the project has accounts. */
  readonly account?: boolean;
}

const pages: readonly PageRoute[] = [
  { path: "/", load: () => import("./pages/HomePage") },
  {
    path: "/session",
    load: () => import("./pages/StartPage"),
    title: "Start a session",
    account: true,
  },
  {
    path: "/session/:id",
    load: () => import("./pages/LivePage"),
    title: "Session",
    account: true,
  },
  {
    path: "/saved",
    load: () => import("./pages/SavedPage"),
    title: "Saved sessions",
    account: true,
  },
  { path: "/settings", load: () => import("./pages/SettingsPage"), title: "Settings" },
  { path: "*", load: () => import("./pages/NotFoundPage"), title: "Page not found" },
];

const routes: RouteObject[] = [...features.pages, ...pages].map((page) => ({
  path: page.path,
  element: <Page title={page.title} account={page.account === true} Content={lazy(page.load)} />,
}));

interface PageProps {
  title: string | undefined;
  account: boolean;
  Content: ComponentType;
}

function Page({ title, account, Content }: PageProps) {
  useLayoutEffect(() => {
    document.title = pageTitle(title, project.name);
  }, [title]);
  const { RequireAccount } = features;
  if (!account || RequireAccount === null) return <Content />;
  return (
    <RequireAccount>
      <Content />
    </RequireAccount>
  );
}

/** The page of the current address. While the next page's code loads, the last one stays. */
export function CurrentPage() {
  const { pathname } = useLocation();
  const page = useRoutes(routes);
  return (
    <Suspense>
      <PageBoundary key={pathname}>{page}</PageBoundary>
    </Suspense>
  );
}
