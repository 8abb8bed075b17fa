/** Signing in with a passkey. The library that talks to the browser is loaded on demand. */
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from "@simplewebauthn/browser";

import { auth, type Profile } from "../../../api/auth";
import { apiCore } from "../../../api/core";
import type { components } from "../../../api/generated/rest";
import { ApiError, createPagedList } from "../../../duplex";
import { confirmed } from "../../../duplex/accounts";
import type { MailFlow } from "../../../pages/auth/flows";

type Schemas = components["schemas"];
export type Passkey = Schemas["PasskeyItem"];
interface Ceremony<Options> {
  ceremony: string;
  options: Options;
}

const loadLibrary = () => import("@simplewebauthn/browser");
const route = (id: string): string => `/auth/passkeys/${encodeURIComponent(id)}`;
const post = <T>(path: string, body?: unknown): Promise<T> =>
  apiCore.request(path, { method: "POST", body });

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

async function signIn(useBrowserAutofill: boolean): Promise<Profile | null> {
  const { startAuthentication } = await loadLibrary();
  const begun = await post<Ceremony<PublicKeyCredentialRequestOptionsJSON>>(
    "/auth/passkeys/sign-in/options",
  );
  const options = { optionsJSON: begun.options, useBrowserAutofill };
  const credential = await prompt(() => startAuthentication(options));
  return auth.enter("/auth/passkeys/sign-in", { ceremony: begun.ceremony, credential });
}

export const passkeys = createPagedList(async () => {
  const { passkeys: items } = await apiCore.request<Schemas["PasskeyList"]>("/auth/passkeys");
  return { items, total: items.length };
});

export const passkey = {
  /** The browser shows its passkeys in a dialog of its own. */
  signIn: (): Promise<Profile | null> => signIn(false),

  /** The browser offers its passkeys at the e-mail field, as long as the page is open. */
  async offerAtField(): Promise<void> {
    const { browserSupportsWebAuthnAutofill } = await loadLibrary();
    const field = document.querySelector("input[autocomplete~=webauthn]");
    if (field === null || !(await browserSupportsWebAuthnAutofill())) return;
    // Choosing another method ends it, which is not an error.
    await signIn(true).catch(() => null);
  },

  async stopOffering(): Promise<void> {
    const { WebAuthnAbortService } = await loadLibrary();
    WebAuthnAbortService.cancelCeremony();
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

/** A lost passkey: a mail signs in once, and a new passkey is added. */
export const passkeyRecoveryFlow: MailFlow = {
  page: "/recover-account/confirm",
  title: "Get back into your account",
  action: "Sign in",
  confirm: (proof) => auth.enter("/auth/passkeys/recover/confirm", proof),
  next: "/account",
};
