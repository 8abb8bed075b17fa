import type { Method } from "../method";
import { recoveryFlow } from "./password";
import PasswordPanel from "./PasswordPanel.vue";
import PasswordSignIn from "./PasswordSignIn.vue";

export const passwordMethod: Method = {
  name: "password",
  SignIn: PasswordSignIn,
  instead: "Use a password instead",
  Step: null,
  Panel: PasswordPanel,
  help: { to: "/recover", label: "Forgot your password?" },
  flows: [recoveryFlow],
};
