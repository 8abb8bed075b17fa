import type { Router } from "vue-router";

import { auth } from "../../api/auth";
import { followAccount, signInPath } from "./account";

/** Sends whoever is not signed in to the sign-in page, now and when an account goes away. */
export function guardAccounts(router: Router): void {
  void auth.start();

  router.beforeEach(async (to) => {
    if (!to.meta.account) return true;
    await auth.start();
    return auth.getSnapshot().status === "signedIn" || signInPath(to.fullPath);
  });

  followAccount(() => {
    const { meta, fullPath } = router.currentRoute.value;
    if (meta.account) void router.push(signInPath(fullPath));
  });
}
