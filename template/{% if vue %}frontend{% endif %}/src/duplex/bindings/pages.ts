/** The registered application's pages with Vue Router. */
import {
  type Component,
  computed,
  type ComputedRef,
  defineAsyncComponent,
  defineComponent,
  h,
  nextTick,
} from "vue";
import {
  createRouter,
  createWebHistory,
  type Router,
  type RouteRecordRaw,
  useRoute,
} from "vue-router";

import {
  type App,
  configureApp,
  currentApp as registeredApp,
  explainsSignOut,
  leaveSessionAt,
  type PageRoute,
  pageTitle,
} from "../app";
import { inspectorSwitch, prepareInspector } from "../inspector/switch";
import { liveSession } from "../session/live";
import { focusPage } from "../ui/focus";
import { pageNumber } from "../ui/paging";
import { toasts } from "../ui/toasts";
import { useReadable } from "./session";

/** The type of a page, and of the account menu. */
export type PageComponent = Component;

/** The registered application. */
export const currentApp = registeredApp as () => App<PageComponent>;

/** Registers the application and calls `mount` with its router. */
export async function startApp(
  app: App<Component>,
  mount: (router: Router) => unknown,
): Promise<void> {
  configureApp(app);
  void app.accounts?.start();
  // Guards are part of the router: they are there before the first navigation, which `mount` starts.
  const router = createPageRouter(app);
  await prepareInspector();
  mount(router);
}

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
function createPageRouter(app: App<Component>): Router {
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
    if (explainsSignOut(accounts.getSnapshot(), liveSession.getSnapshot(), path)) return;
    if (meta.account === true) void router.replace(accounts.signInPath(fullPath));
  });
}

/** A value in the query of the address; "" without it. It is kept while the user navigates away. */
export function useQuery(name: string): ComputedRef<string> {
  const route = useRoute();
  const { path } = route;
  return computed<string>((before) => {
    if (before !== undefined && route.path !== path) return before;
    const [first] = [route.query[name]].flat();
    return first ?? "";
  });
}

/** The number of the page of a list in the address. */
export function usePageNumber(): ComputedRef<number> {
  const page = useQuery("page");
  return computed(() => pageNumber(page.value));
}

const InspectorDrawer = defineAsyncComponent(() => import("./inspector/InspectorDrawer.vue"));

/** The inspector, where it is switched on. Its code is loaded only there. */
export const PageInspector = defineComponent(() => {
  const on = useReadable(inspectorSwitch);
  return () => (on.value ? h(InspectorDrawer) : null);
});

export { default as AppIcon } from "./AppIcon.vue";
