import type { ComponentType } from "react";

import type { MailFlow } from "../../auth/flows";

export interface SignInProps {
  /** Null where it is not known yet. */
  email: string | null;
  /** Of the field for the e-mail address. */
  autoComplete: string;
}

export interface CredentialProps {
  /** The account's address, for browsers to store with it, where the form has no field for it. */
  email?: string;
  /** The form creates an account. */
  signUp?: boolean;
  value: string;
  onChange: (value: string) => void;
}

/** The fields for a new credential. */
export type CredentialField = ComponentType<CredentialProps>;

/** One way of signing in. */
export interface Method {
  /** The name that the server gives it. */
  readonly name: string;
  /** The form for signing in. */
  readonly SignIn: ComponentType<SignInProps> | null;
  /** The button that shows its form instead of another one. Null: its form is always shown. */
  readonly instead: string | null;
  /** The form of a second step. */
  readonly Step: ComponentType | null;
  /** Its part of the account's page. */
  readonly Panel: ComponentType | null;
  /** The page for users who can no longer sign in. */
  readonly help: { readonly to: string; readonly label: string } | null;
  readonly flows: readonly MailFlow[];
}
