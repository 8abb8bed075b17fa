/** Signing in with a passkey. The library that talks to the browser is loaded on demand. */
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from "@simplewebauthn/browser";

import { auth, type Profile } from "../../../api/auth";
import { apiCore, post } from "../../../api/core";
import type { components } from "../../../api/generated/rest";
import { ASK_AGAIN, type MailFlow } from "../../../auth/flows";
import { ApiError, attempt, createList } from "../../../duplex";
import { confirmed } from "../../../duplex/accounts";

type Schemas = components["schemas"];
export type Passkey = Schemas["PasskeyItem"];
interface Ceremony<Options> {
  ceremony: string;
  options: Options;
}

/** The server forgets a ceremony after five minutes: a new one begins before. Milliseconds. */
const RENEWAL = 4 * 60_000;

const loadLibrary = () => import("@simplewebauthn/browser");
const route = (id: string): string => `/auth/passkeys/${encodeURIComponent(id)}`;

/** Lets the browser ask for a passkey; its errors become sentences. */
async function prompt<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const known = error instanceof Error && error.name === "InvalidStateError";
    const text = known
      ? "This device has a passkey for this account already."
      : "No passkey was used. Try again, or choose another way.";
    throw new ApiError(0, "passkey", text);
  }
}

const begin = (): Promise<Ceremony<PublicKeyCredentialRequestOptionsJSON>> =>
  post("/auth/passkeys/sign-in/options");
const finish = (ceremony: string, credential: unknown): Promise<Profile | null> =>
  auth.enter("/auth/passkeys/sign-in", { ceremony, credential });

async function offer(signal: AbortSignal): Promise<void> {
  const library = await loadLibrary();
  if (!(await library.browserSupportsWebAuthnAutofill())) return;
  // With passkeys as the only method, the page has no such field.
  if (document.querySelector("input[autocomplete$=webauthn]") === null) return;
  const { ceremony, options } = await begin();
  if (signal.aborted) return;
  const cancel = (): void => {
    library.WebAuthnAbortService.cancelCeremony();
  };
  const renewal = setTimeout(() => {
    cancel();
    passkey.offerAtField(signal);
  }, RENEWAL);
  signal.addEventListener("abort", cancel);
  const request = { optionsJSON: options, useBrowserAutofill: true };
  // It ends without a passkey when the user chooses another way: that is not an error.
  const credential = await library.startAuthentication(request).catch(() => null);
  clearTimeout(renewal);
  signal.removeEventListener("abort", cancel);
  if (credential !== null) await attempt(() => finish(ceremony, credential));
}

export const passkeys = createList(async () => {
  const answer = await apiCore.request<Schemas["PasskeyList"]>("/auth/passkeys");
  return answer.passkeys;
});

export const passkey = {
  /** The browser shows its passkeys in a dialog of its own. */
  signIn: async (): Promise<Profile | null> => {
    const { startAuthentication } = await loadLibrary();
    const { ceremony, options } = await begin();
    const credential = await prompt(() => startAuthentication({ optionsJSON: options }));
    return finish(ceremony, credential);
  },

  /** The browser offers its passkeys at the e-mail field, until `signal` is aborted. */
  offerAtField(signal: AbortSignal): void {
    // Without the offer there is the button, which reports what is wrong.
    offer(signal).catch(() => undefined);
  },

  add: (name: string): Promise<Passkey> =>
    confirmed(async () => {
      const { startRegistration } = await loadLibrary();
      const begun =
        await post<Ceremony<PublicKeyCredentialCreationOptionsJSON>>("/auth/passkeys/options");
      const credential = await prompt(() => startRegistration({ optionsJSON: begun.options }));
      return post("/auth/passkeys", { ceremony: begun.ceremony, credential, name });
    }),

  rename: (id: string, name: string): Promise<Passkey> =>
    apiCore.request(route(id), { method: "PATCH", body: { name } }),

  remove: (id: string): Promise<void> =>
    confirmed(() => apiCore.request(route(id), { method: "DELETE" })),

  recover: (email: string): Promise<void> => auth.askForMail("/auth/passkeys/recover", { email }),
};

/** The page on which a new passkey is added. */
export const AFTER_RECOVERY = "/account";

/** A lost passkey: a mail signs in once, and a new passkey is added. */
export const passkeyRecoveryFlow: MailFlow = {
  page: "/recover-account/confirm",
  title: "Get back into your account",
  action: "Sign in",
  confirm: (proof) => auth.enter("/auth/passkeys/recover/confirm", proof),
  next: AFTER_RECOVERY,
  again: { to: "/recover-account", label: ASK_AGAIN },
};
