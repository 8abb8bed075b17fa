import { type Component, nextTick } from "vue";
import { createRouter, createWebHistory, type Router, type RouteRecordRaw } from "vue-router";

import { type App, explainsSignOut, leaveSessionAt, type PageRoute, pageTitle } from "../app/app";
import { liveSession } from "../session/live";
import { focusPage } from "../ui/focus";
import { toasts } from "../ui/toasts";

declare module "vue-router" {
  interface RouteMeta {
    title?: string;
    /** Needs an account, in an application with sign-in. */
    account?: boolean;
  }
}

function recordOf({ path, load, title, account }: PageRoute<Component>): RouteRecordRaw {
  const meta = { ...(title !== undefined && { title }), ...(account === true && { account }) };
  return { path, component: load, props: true, meta };
}

/** The router of the application's pages. */
export function createPageRouter(app: App<Component>): Router {
  const unknown = { path: "/:unknown(.*)*", component: app.notFound };
  const router = createRouter({
    history: createWebHistory(),
    routes: [...app.pages.map(recordOf), unknown],
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- its successor is experimental
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  });
  guardAccounts(router, app);

  router.afterEach((to, from, failure) => {
    if (failure) return;
    document.title = pageTitle(to.meta.title);
    if (to.path === from.path) return;
    leaveSessionAt(to.path);
    // A screen reader continues at the new page, not at the link that was followed.
    const firstPage = from.matched.length === 0;
    if (!firstPage) void nextTick(focusPage);
  });

  router.onError(() => {
    toasts.show("error", "This page could not be loaded. Check your connection and try again.");
  });
  return router;
}

/** Redirects users who are not signed in to the sign-in page, now and when they are signed out. */
function guardAccounts(router: Router, { accounts }: App): void {
  if (accounts === null) return;

  router.beforeEach(async (to) => {
    if (to.meta.account !== true) return true;
    await accounts.start();
    return accounts.getSnapshot().status === "signedIn" || accounts.signInPath(to.fullPath);
  });

  accounts.follow(() => {
    const { meta, path, fullPath } = router.currentRoute.value;
    if (explainsSignOut(liveSession.getSnapshot(), path)) return;
    if (meta.account === true) void router.replace(accounts.signInPath(fullPath));
  });
}
