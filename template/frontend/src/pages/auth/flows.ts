import { auth, type MailedProof } from "../../api/auth";

/** A mail with a link and a code, and the action of both. */
export interface MailFlow {
  /** The path of the page that the link opens. */
  readonly page: string;
  readonly title: string;
  /** The text of the button. */
  readonly action: string;
  readonly confirm: (proof: MailedProof) => Promise<unknown>;
  /** A new password is asked for. */
  readonly newPassword?: true;
  /** Where it leads; without it, to the page that was requested before. */
  readonly next?: string;
  /** The message after the success of a flow without a sign-in. */
  readonly done?: string;
}

export const signUpFlow: MailFlow = {
  page: "/sign-up/confirm",
  title: "Confirm your e-mail address",
  action: "Confirm",
  confirm: (proof) => auth.enter("/auth/sign-up/confirm", proof),
};

export const emailFlow: MailFlow = {
  page: "/email/confirm",
  title: "Confirm your e-mail address",
  action: "Confirm",
  confirm: auth.confirmEmail,
  done: "Your e-mail address is confirmed.",
};

export const invitationFlow: MailFlow = {
  page: "/invitation",
  title: "You are invited",
  action: "Accept the invitation",
  confirm: (proof) => auth.enter("/auth/invitation/accept", proof),
  next: "/account",
};

/** The token of the link that opened this page. It follows the `#`, which no server receives. */
export const linkToken = (): string | null =>
  new URLSearchParams(location.hash.slice(1)).get("token");

/** Takes the token out of the address bar and the history. */
export function hideToken(): void {
  history.replaceState(history.state, "", location.pathname + location.search);
}

export const NO_TOKEN = "This link is incomplete. Open it from the mail once more.";
export const MAIL_ON_ITS_WAY =
  "is on its way. Open its link in this browser, or type its code here. It may take a minute; look into the spam folder too.";
