import type { RouteRecordRaw } from "vue-router";

export const authRoutes: readonly RouteRecordRaw[] = [
  {
    path: "/sign-in",
    component: () => import("./SignInPage.vue"),
    meta: { title: "Sign in" },
  },
  {
    path: "/sign-up",
    component: () => import("./SignUpPage.vue"),
    meta: { title: "Create an account" },
  },
  {
    path: "/account",
    component: () => import("./AccountPage.vue"),
    meta: { title: "Account", account: true },
  },
  {
    path: "/users",
    component: () => import("./UsersPage.vue"),
    meta: { title: "Users", account: true },
  },
];
