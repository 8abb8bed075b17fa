import type { Component } from "vue";

import type { MailFlow } from "../../auth/flows";

/**
 * The fields for a new credential, with its text as the model. Takes the account's `email`, for browsers
 * to store with it, where the form has no field for it, and `signUp` where the form creates an account.
 */
export type CredentialField = Component;

/** One way of signing in. */
export interface Method {
  /** The name that the server gives it. */
  readonly name: string;
  /** The form for signing in. Takes `email`, where it is known, and `autocomplete` of its field. */
  readonly SignIn: Component | null;
  /** The button that shows its form instead of another one. Null: its form is always shown. */
  readonly instead: string | null;
  /** The form of a second step. */
  readonly Step: Component | null;
  /** Its part of the account's page. */
  readonly Panel: Component | null;
  /** The page for users who can no longer sign in. */
  readonly help: { readonly to: string; readonly label: string } | null;
  readonly flows: readonly MailFlow[];
}
