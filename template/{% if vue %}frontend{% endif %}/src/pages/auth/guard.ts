import type { Router } from "vue-router";

import { auth } from "../../api/auth";
import { liveSession } from "../../ui/liveSession";
import { followAccount, saysSignedOut, signInPath } from "./account";

/** Sends whoever is not signed in to the sign-in page, now and when an account goes away. */
export function guardAccounts(router: Router): void {
  void auth.start();

  router.beforeEach(async (to) => {
    if (!to.meta.account) return true;
    await auth.start();
    return auth.getSnapshot().status === "signedIn" || signInPath(to.fullPath);
  });

  followAccount(() => {
    const { meta, path, fullPath } = router.currentRoute.value;
    if (saysSignedOut(liveSession.getSnapshot(), path)) return;
    if (meta.account) void router.replace(signInPath(fullPath));
  });
}
