import type { PageRoute } from "../../router";

export const authPages: readonly PageRoute[] = [
  { path: "/sign-in", load: () => import("./SignInPage"), title: "Sign in" },
  { path: "/sign-up", load: () => import("./SignUpPage"), title: "Create an account" },
  { path: "/account", load: () => import("./AccountPage"), title: "Account", account: true },
  { path: "/users", load: () => import("./UsersPage"), title: "Users", account: true },
];
