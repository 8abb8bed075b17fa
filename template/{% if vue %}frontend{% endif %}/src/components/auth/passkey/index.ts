import type { Method } from "../method";
import { passkeyRecoveryFlow } from "./passkey";
import PasskeyPanel from "./PasskeyPanel.vue";
import PasskeySignIn from "./PasskeySignIn.vue";

export const passkeyMethod: Method = {
  name: "passkey",
  SignIn: PasskeySignIn,
  instead: null,
  Step: null,
  Panel: PasskeyPanel,
  help: { to: "/recover-account", label: "Lost your passkey?" },
  flows: [passkeyRecoveryFlow],
};
