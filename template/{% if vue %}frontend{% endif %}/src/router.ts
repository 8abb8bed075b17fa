import { nextTick } from "vue";
import { createRouter, createWebHistory, type Router, type RouteRecordRaw } from "vue-router";

import { project } from "./project";
import { liveSession } from "./ui/liveSession";
import { pageTitle } from "./ui/navigation";
import { SESSION_ID } from "./ui/sessionName";
import { toasts } from "./ui/toasts";

declare module "vue-router" {
  interface RouteMeta {
    title?: string;
    /** Needs an account, where the project has accounts. */
    account?: boolean;
  }
}

const pages: RouteRecordRaw[] = [
  { path: "/", component: () => import("./pages/HomePage.vue") },
  {
    path: "/session",
    component: () => import("./pages/StartPage.vue"),
    meta: { title: "Start a session", account: true },
  },
  {
    // No other id can have a session: that page does not exist.
    path: `/session/:id(${SESSION_ID})`,
    name: "live",
    component: () => import("./pages/LivePage.vue"),
    props: true,
    meta: { title: "Session", account: true },
  },
  {
    path: "/saved",
    component: () => import("./pages/SavedPage.vue"),
    meta: { title: "Saved sessions", account: true },
  },
  {
    path: "/settings",
    component: () => import("./pages/SettingsPage.vue"),
    meta: { title: "Settings" },
  },
  {
    path: "/:unknown(.*)*",
    component: () => import("./pages/NotFoundPage.vue"),
    meta: { title: "Page not found" },
  },
];

/** The pages, and `more` of them that a feature brings. */
export function createPageRouter(more: readonly RouteRecordRaw[]): Router {
  const router = createRouter({
    history: createWebHistory(),
    routes: [...more, ...pages],
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- its successor is experimental
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  });

  router.afterEach((to, from, failure) => {
    if (failure) return;
    document.title = pageTitle(to.meta.title, project.name);
    // A session belongs to its page: who leaves the page leaves the session.
    if (to.name !== "live") liveSession.closeSocket();
    // A screen reader goes on reading at the new page, not at the link that was followed.
    const firstPage = from.matched.length === 0;
    if (!firstPage && to.path !== from.path) {
      void nextTick(() => document.getElementById("main")?.focus({ preventScroll: true }));
    }
  });

  router.onError(() => {
    toasts.show("error", "This page could not be loaded. Check your connection and try again.");
  });
  return router;
}
