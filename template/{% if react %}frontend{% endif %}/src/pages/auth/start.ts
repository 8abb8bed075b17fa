import { auth } from "../../api/auth";
import { followAccount } from "./account";

/** Finds out who is signed in; called once, before the first page is shown. */
export function startAccounts(): void {
  // Whoever loses the account is sent on by RequireAccount, where a page needs one.
  followAccount(() => undefined);
  void auth.start();
}
