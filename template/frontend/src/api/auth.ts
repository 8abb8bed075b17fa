/** Accounts: who is signed in, and the REST routes of sign-in. */
import { createAuth, followAccount } from "../duplex/accounts";
import { apiCore } from "./core";
import type { components } from "./generated/rest";

type Schemas = components["schemas"];
export type Profile = Schemas["Profile"];
export type SignInForm = Schemas["SignInForm"];
export type SignUpForm = Schemas["SignUpForm"];
export type PasswordChange = Schemas["PasswordChange"];
export type ProfileChange = Schemas["ProfileChange"];

const { enter, leave, setUser, ...engine } = createAuth<Profile>(apiCore);

/** The signed-in user, and all operations on the account. They reject with ApiError. */
export const auth = {
  ...engine,

  /** The page for signing in, which then leads to `next`, a path of this site. */
  signInPath: (next: string): string => `/sign-in?next=${encodeURIComponent(next)}`,

  /** Calls `onLeft` whenever the user is signed out: here, in another tab, or by the server. */
  follow: (onLeft: () => void): void => {
    followAccount(auth, onLeft);
  },

  signUp: (form: SignUpForm): Promise<Profile> => enter("/auth/sign-up", form),
  signIn: (form: SignInForm): Promise<Profile> => enter("/auth/sign-in", form),

  /** Signs out all other devices and closes every open session; this device stays signed in. */
  changePassword: (change: PasswordChange): Promise<Profile> =>
    enter("/auth/change-password", change, { token: true }),

  /** Signs out this device, which closes its open sessions. */
  signOut: (): Promise<void> => leave("/auth/sign-out"),

  /** Signs out every device and closes every open session. */
  signOutEverywhere: (): Promise<void> => leave("/auth/sign-out-everywhere", { token: true }),

  profile: (): Promise<Profile> => setUser(apiCore.request("/users/me")),

  updateProfile: (change: ProfileChange): Promise<Profile> =>
    setUser(apiCore.request("/users/me", { method: "PATCH", body: change })),
};

export type AuthState = ReturnType<typeof auth.getSnapshot>;
