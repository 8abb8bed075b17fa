import type { Profile } from "../../api/auth";
import { type AccountChange, users } from "../../api/users";
import { createPagedList } from "../../ui/paging";

/** What stands in place of the list for whoever is no admin. */
export const ADMINS_ONLY = {
  title: "Only admins see this page",
  text: "Here admins look after everybody's accounts. If you should too, ask one of them to make you an admin, then reload the page.",
} as const;

export const USERS_INTRO = "Everybody who has an account.";
export const NOBODY_ELSE =
  "Nobody else has an account yet. People make one for themselves where they sign in.";
/** Stands where the others have actions: the server refuses them for one's own account. */
export const OWN_ACCOUNT = "Another admin has to change your own account.";

/** Asked before something that signs somebody out. */
export interface Question {
  readonly title: string;
  readonly text: string;
}

/** Something an admin can do with somebody's account. */
export interface UserAction {
  /** The same for doing and undoing, which share one button. */
  readonly kind: "admin" | "active";
  readonly label: string;
  readonly change: AccountChange;
  /** What is said when it is done. */
  readonly done: string;
  /** Null for what is done without a question. */
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
    label: "Take admin away",
    change: { is_admin: false },
    done: `${name} is no admin any more.`,
    question: {
      title: `Take admin away from ${name}?`,
      text: `${email} is signed out on every device, which ends the open sessions, and can sign in again without an admin's rights.`,
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

/** An action and whose account it is about. */
export interface Asked {
  readonly user: Profile;
  readonly action: UserAction;
}

const list = createPagedList((slice) => users.list(slice));

/** The accounts on the page, and what can be done with one. */
export const userList = {
  ...list,

  act: ({ user, action }: Asked): Promise<boolean> =>
    list.change(() => users.change(user.id, action.change), action.done),
};
