/** An authenticator app as the second step. */
import { auth, type Profile } from "../../../api/auth";
import { apiCore, post } from "../../../api/core";
import type { components } from "../../../api/generated/rest";
import { ApiError, copyText, createList } from "../../../duplex";
import { confirmed } from "../../../duplex/accounts";

type Schemas = components["schemas"];
export type TotpSetUp = Schemas["TotpSetUp"];

const STEP_IS_OVER = "That took too long, or there were too many wrong codes. Sign in once more.";

/** A request that needs a recent sign-in. */
const change = <T>(path: string, body?: unknown): Promise<T> =>
  confirmed(() => post<T>(path, body));

/** One entry: whether the second step is on. */
export const totpState = createList(async () => [
  await apiCore.request<Schemas["TotpState"]>("/auth/totp"),
]);

export const totp = {
  /** `code`: six digits of the app, or a recovery code. */
  async signIn(code: string): Promise<Profile | null> {
    const challenge = auth.secondStep.getSnapshot()?.challenge;
    try {
      return await auth.enter("/auth/totp/sign-in", { challenge, code });
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "link_expired") throw error;
      auth.startOver();
      throw new ApiError(error.status, error.code, STEP_IS_OVER);
    }
  },
  setUp: (): Promise<TotpSetUp> => change("/auth/totp/set-up"),
  confirm: (code: string): Promise<Schemas["RecoveryCodes"]> =>
    change("/auth/totp/confirm", { code }),
  renewCodes: (): Promise<Schemas["RecoveryCodes"]> => change("/auth/totp/recovery-codes"),
  turnOff: (): Promise<void> => change("/auth/totp/turn-off"),
};

/** The QR code as an address of an image. */
export const qrImage = ({ qr }: TotpSetUp): string =>
  `data:image/svg+xml,${encodeURIComponent(qr)}`;

/** Copies the recovery codes, one a line. */
export const copyCodes = (codes: readonly string[]): Promise<void> =>
  copyText(codes.join("\n"), "Recovery codes copied.", "Write the codes down.");
