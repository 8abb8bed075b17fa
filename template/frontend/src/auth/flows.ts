import { auth, type MailedProof } from "../api/auth";
import { ApiError } from "../duplex";

/** A mail with a link and a code, and the action of both. */
export interface MailFlow {
  /** The path of the page that the link opens. */
  readonly page: string;
  readonly title: string;
  /** The text of the button. */
  readonly action: string;
  readonly confirm: (proof: MailedProof) => Promise<unknown>;
  /** The field of the request for a new credential, which the form asks for too. */
  readonly credential?: string;
  /** The page to open after signing in; if missing, the page that was requested before. */
  readonly next?: string;
  /** The message after the success of a flow without a sign-in. */
  readonly done?: string;
  /** The page to continue at when the link can no longer be used. */
  readonly again: { readonly to: string; readonly label: string };
}

export const ASK_AGAIN = "Ask for a new mail";
export const SIGN_IN_AGAIN = { to: "/sign-in", label: "Go to the sign-in page" };

// The no-break hyphen keeps the word on one line.
const CONFIRM_ADDRESS = { title: "Confirm your e\u2011mail address", action: "Confirm" };

export const signUpFlow: MailFlow = {
  ...CONFIRM_ADDRESS,
  page: "/sign-up/confirm",
  confirm: (proof) => auth.enter("/auth/sign-up/confirm", proof),
  again: { to: "/sign-up", label: ASK_AGAIN },
};

export const emailFlow: MailFlow = {
  ...CONFIRM_ADDRESS,
  page: "/email/confirm",
  confirm: auth.confirmEmail,
  done: "Your e-mail address is confirmed.",
  again: { to: "/account", label: "Go to your account" },
};

export const invitationFlow: MailFlow = {
  page: "/invitation",
  title: "You are invited",
  action: "Accept the invitation",
  confirm: (proof) => auth.enter("/auth/invitation/accept", proof),
  next: "/account",
  again: SIGN_IN_AGAIN,
};

/** The form of a request, with the new credential where the request has a field for one. */
export const withCredential = <T extends object>(
  { credential }: Pick<MailFlow, "credential">,
  form: T,
  typed: string,
): T => (credential === undefined ? form : { ...form, [credential]: typed });

/** The token of the link that opened this page. It follows the `#`, which no server receives. */
export const linkToken = (): string | null =>
  new URLSearchParams(location.hash.slice(1)).get("token");

/** Takes the token out of the address bar and the history. */
export function hideToken(): void {
  history.replaceState(history.state, "", location.pathname + location.search);
}

/** The outcome of a link: confirmed or not, and why the link can no longer be used, as a sentence. */
export interface LinkOutcome {
  readonly confirmed: boolean;
  readonly problem: string | null;
}

/** Confirms with the link of a mail. Rejects with ApiError when another attempt may succeed. */
export async function followLink(flow: MailFlow, proof: MailedProof): Promise<LinkOutcome> {
  try {
    const entered = await flow.confirm(proof);
    // Without a user, a second step follows; beginning again there needs another link.
    return { confirmed: true, problem: entered === null ? LINK_USED : null };
  } catch (error) {
    const over = error instanceof ApiError && LINK_IS_OVER.includes(error.code);
    if (!over) throw error;
    return { confirmed: false, problem: error.message };
  }
}

const LINK_IS_OVER = ["link_expired", "other_browser"];
const LINK_USED = "This link was used. Begin again to sign in.";
export const NO_TOKEN = "This link is incomplete. Open it from the mail once more.";
export const MAIL_ON_ITS_WAY =
  "is on its way. Open its link in this browser, or type its code here. It may take a minute; look into the spam folder too.";
export const MAIL_SENT_AGAIN = "The mail was sent again. Only the newest one counts.";
