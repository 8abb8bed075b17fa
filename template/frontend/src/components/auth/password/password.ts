/** Signing in with a password. */
import { auth, type Profile } from "../../../api/auth";
import { apiCore } from "../../../api/core";
import type { components } from "../../../api/generated/rest";
import { ASK_AGAIN, type MailFlow } from "../../../auth/flows";
import { confirmed } from "../../../duplex/accounts";

type Schemas = components["schemas"];

/** The shortest password of an account without a second step. The server has the last word. */
export const PASSWORD_LENGTH = 15;
export const passwordHint = (length: number): string =>
  `At least ${length} characters; a few words make a good one.`;

export const password = {
  signIn: (form: Schemas["PasswordSignIn"]): Promise<Profile | null> =>
    auth.enter("/auth/password/sign-in", form),

  state: (): Promise<Schemas["PasswordState"]> => apiCore.request("/auth/password"),

  /** Signs out all other devices and closes every open session; this device stays signed in. */
  change: (change: Schemas["PasswordChange"]): Promise<Profile | null> =>
    confirmed(() => auth.enter("/auth/password/change", change)),

  recover: (email: string): Promise<void> => auth.askForMail("/auth/password/recover", { email }),
};

/** A forgotten password is replaced. */
export const recoveryFlow: MailFlow = {
  page: "/recover/confirm",
  title: "Choose a new password",
  action: "Save password",
  confirm: (proof) => auth.enter("/auth/password/reset", proof),
  credential: "new_password",
  again: { to: "/recover", label: ASK_AGAIN },
};
