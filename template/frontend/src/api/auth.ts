/** Accounts: the signed-in user, and the REST routes that all sign-in methods share. */
import { confirmed, createAuth, followAccount } from "../duplex/accounts";
import { apiCore, post } from "./core";
import type { components } from "./generated/rest";

type Schemas = components["schemas"];
export type Profile = Schemas["Profile"];
export type ProfileChange = Schemas["ProfileChange"];
export type Device = Schemas["Device"];
/** The token of a mail's link, or its code; in some flows with more fields. */
export type MailedProof = ({ token: string } | { code: string }) & Readonly<Record<string, string>>;

const { leave, setUser, ...engine } = createAuth<Profile>(apiCore);

/** The signed-in user, and all operations on the account. They reject with ApiError. */
export const auth = {
  ...engine,

  /** The page for signing in, which then leads to `next`, a path of this site. */
  signInPath: (next: string): string => `/sign-in?next=${encodeURIComponent(next)}`,

  /** Calls `onLeft` whenever the user is signed out: here, in another tab, or by the server. */
  follow: (onLeft: () => void): void => {
    followAccount(auth, onLeft);
  },

  /** Whether visitors can create an account. */
  signUpOpen: async (): Promise<boolean> =>
    (await apiCore.request<Schemas["SignUpState"]>("/auth/sign-up")).open,

  /** Requests a mail. The response does not reveal whether an account exists. */
  askForMail: (path: string, form?: unknown): Promise<void> => post(path, form),

  /** Signs out this device, which closes its open sessions. */
  signOut: (): Promise<void> => leave("/auth/sign-out"),

  /** Signs out every device and closes every open session. */
  signOutEverywhere: (): Promise<void> => leave("/auth/sign-out-everywhere", { token: true }),

  devices: async (): Promise<readonly Device[]> =>
    (await apiCore.request<Schemas["Devices"]>("/auth/devices")).devices,

  signOutDevice: (id: string): Promise<void> =>
    apiCore.request(`/auth/devices/${encodeURIComponent(id)}`, { method: "DELETE" }),

  profile: (): Promise<Profile> => setUser(apiCore.request("/users/me")),

  updateProfile: (change: ProfileChange): Promise<Profile> =>
    setUser(apiCore.request("/users/me", { method: "PATCH", body: change })),

  /** Mails to both addresses; the new one counts when it is confirmed. */
  changeEmail: (email: string): Promise<void> =>
    confirmed(() => post("/auth/email/change", { email })),

  /** Without a sign-in in this browser, only the address is confirmed. */
  confirmEmail: async (proof: MailedProof): Promise<Profile> => {
    const profile = post<Profile>("/auth/email/confirm", proof);
    return auth.getSnapshot().status === "signedIn" ? setUser(profile) : profile;
  },
};

export type AuthState = ReturnType<typeof auth.getSnapshot>;
