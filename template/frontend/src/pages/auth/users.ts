import type { Profile } from "../../api/auth";
import type { AccountChange } from "../../api/users";

/** Shown instead of the list to users who are not admins. */
export const ADMINS_ONLY = {
  title: "Only admins see this page",
  text: "Admins manage all accounts here. If you need access, ask an admin to make you one, then reload this page.",
} as const;

export const USERS_INTRO = "All accounts of this application.";
export const NOBODY_ELSE = "Nobody else has an account yet. Users create one on the sign-in page.";
/** Shown at the admin's own account, instead of actions that the server would refuse. */
export const OWN_ACCOUNT = "Only another admin can change your own account.";

/** A confirmation before an action that signs a user out. */
export interface Question {
  readonly title: string;
  readonly text: string;
}

/** An action of an admin on an account. */
export interface UserAction {
  /** The same for an action and its opposite, which share one button. */
  readonly kind: "admin" | "active";
  readonly label: string;
  readonly change: AccountChange;
  /** The message after success. */
  readonly done: string;
  /** Null for an action without confirmation. */
  readonly question: Question | null;
}

function adminAction({ name, email, is_admin }: Profile): UserAction {
  const kind = "admin";
  if (!is_admin) {
    const done = `${name} is an admin now.`;
    return { kind, label: "Make admin", change: { is_admin: true }, done, question: null };
  }
  return {
    kind,
    label: "Remove admin",
    change: { is_admin: false },
    done: `${name} is no longer an admin.`,
    question: {
      title: `Remove admin from ${name}?`,
      text: `${email} is signed out on every device, which ends the open sessions, and can sign in again without admin rights.`,
    },
  };
}

function activeAction({ name, email, is_active }: Profile): UserAction {
  const kind = "active";
  if (!is_active) {
    const done = `${name} can sign in again.`;
    return { kind, label: "Activate", change: { is_active: true }, done, question: null };
  }
  return {
    kind,
    label: "Deactivate",
    change: { is_active: false },
    done: `${name} was deactivated and signed out.`,
    question: {
      title: `Deactivate ${name}?`,
      text: `${email} is signed out on every device, which ends the open sessions, and cannot sign in until the account is activated again.`,
    },
  };
}

export const userActions = (user: Profile): readonly UserAction[] => [
  adminAction(user),
  activeAction(user),
];

/** An action and the account it applies to. */
export interface AdminRequest {
  readonly user: Profile;
  readonly action: UserAction;
}
