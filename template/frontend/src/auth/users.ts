import type { Profile } from "../api/auth";
import { type AccountChange, type AuditEntry, type NewUser, users } from "../api/users";
import { createPagedList, formatDate, isolated } from "../duplex";

/** Shown instead of the list to users who are not admins. */
export const ADMINS_ONLY = {
  title: "Only admins see this page",
  text: "Admins manage all accounts here. If you need access, ask an admin to make you one, then reload this page.",
} as const;

/** Shown to the only user. `signUpOpen`: whether visitors can create an account. */
export const nobodyElse = (signUpOpen: boolean | null): string =>
  `Nobody else has an account yet. Add a user here${
    signUpOpen === true ? "; others create one on the sign-in page" : ""
  }.`;

/** Shown at the admin's own account, instead of actions that the server would refuse. */
export const OWN_ACCOUNT = "Only another admin can change your own account.";

/** The address of the list of accounts with `search` in their name or e-mail address. */
export const usersPath = (search: string): string =>
  search === "" ? "/users" : `/users?search=${encodeURIComponent(search)}`;

/** A confirmation before an action that signs a user out. */
export interface Question {
  readonly title: string;
  readonly text: string;
}

/** An action of an admin on an account. */
export interface UserAction {
  /** The same for an action and its opposite, which share one button. */
  readonly kind: "admin" | "active" | "signOut" | "invite";
  readonly label: string;
  readonly send: () => Promise<unknown>;
  /** The message after success. */
  readonly done: string;
  /** Null for an action without confirmation. */
  readonly question: Question | null;
}

const invited = (email: string): string => `An invitation to ${isolated(email)} is on its way.`;

const signsOut = (email: string, after: string): string =>
  `${isolated(email)} is signed out on every device, which ends the open sessions, and ${after}.`;

const changing =
  ({ id }: Profile, change: AccountChange) =>
  (): Promise<Profile> =>
    users.change(id, change);

function adminAction(user: Profile): UserAction {
  const { email, is_admin } = user;
  const name = isolated(user.name);
  return {
    kind: "admin",
    label: is_admin ? "Remove admin" : "Make admin",
    send: changing(user, { is_admin: !is_admin }),
    done: is_admin ? `${name} is no longer an admin.` : `${name} is an admin now.`,
    question: is_admin
      ? {
          title: `Remove admin from ${name}?`,
          text: signsOut(email, "can sign in again without admin rights"),
        }
      : null,
  };
}

function activeAction(user: Profile): UserAction {
  const { email, is_active } = user;
  const name = isolated(user.name);
  return {
    kind: "active",
    label: is_active ? "Deactivate" : "Activate",
    send: changing(user, { is_active: !is_active }),
    done: is_active ? `${name} was deactivated and signed out.` : `${name} can sign in again.`,
    question: is_active
      ? {
          title: `Deactivate ${name}?`,
          text: signsOut(email, "cannot sign in until the account is activated again"),
        }
      : null,
  };
}

const signOutAction = ({ id, name, email }: Profile): UserAction => ({
  kind: "signOut",
  label: "Sign out",
  send: () => users.signOut(id),
  done: `${isolated(name)} was signed out.`,
  question: { title: `Sign out ${isolated(name)}?`, text: signsOut(email, "can sign in again") },
});

const inviteAction = ({ id, email }: Profile): UserAction => ({
  kind: "invite",
  label: "Invite again",
  send: () => users.invite(id),
  done: invited(email),
  question: null,
});

export function userActions(user: Profile): readonly UserAction[] {
  const always = [adminAction(user), activeAction(user)];
  if (!user.is_active) return always;
  // A verified address needs no invitation.
  const invitations = user.email_verified ? [] : [inviteAction(user)];
  return [...always, signOutAction(user), ...invitations];
}

/** The text that the listed accounts have in their name or e-mail address. */
let searched = "";
const list = createPagedList((slice) => users.list(slice, searched));

/** One page of all accounts, and what an admin can do with them. */
export const userList = {
  subscribe: list.subscribe,
  getSnapshot: list.getSnapshot,
  load: (page?: number, search = searched): Promise<void> => {
    searched = search;
    return list.load(page);
  },
  forget: list.forget,
  act: ({ send, done }: UserAction): Promise<boolean> => list.change(send, done),
  create: (user: NewUser): Promise<boolean> =>
    list.change(
      () => users.create(user),
      user.invite ? invited(user.email) : `${isolated(user.name)} was added.`,
    ),
};

/** The actions of admins, the newest first. */
export const auditList = createPagedList((slice) => users.audit(slice));

const AUDIT_WORDS: Readonly<Record<string, string>> = {
  first_admin_created: "First admin created",
  created: "Account created",
  invited: "Invited",
  made_admin: "Made an admin",
  admin_removed: "Removed as an admin",
  activated: "Activated",
  deactivated: "Deactivated",
  signed_out: "Signed out everywhere",
};

export const auditTitle = ({ action, detail }: AuditEntry): string =>
  (AUDIT_WORDS[action] ?? action) + (detail === "" ? "" : ` (${detail})`);

/** The actor of an entry, its address and time. */
export function auditSource({ actor, address, at }: AuditEntry): string {
  const who = actor === "" ? "by the server's settings or command line" : `by ${isolated(actor)}`;
  return [who, ...(address === "" ? [] : [`from ${address}`]), formatDate(at)].join(" · ");
}
