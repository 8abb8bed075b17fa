/** Signing in with a link or a code by e-mail. */
import { auth } from "../../../api/auth";
import { ASK_AGAIN, type MailFlow } from "../../../auth/flows";

export const askForLink = (email: string): Promise<void> =>
  auth.askForMail("/auth/magic-link", { email });

export const magicLinkFlow: MailFlow = {
  page: "/sign-in/confirm",
  title: "Sign in",
  action: "Sign in",
  confirm: (proof) => auth.enter("/auth/magic-link/sign-in", proof),
  again: { to: "/sign-in", label: ASK_AGAIN },
};
