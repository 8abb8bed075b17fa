import type { Method } from "../method";
import { recoveryFlow } from "./password";
import PasswordPanel from "./PasswordPanel";
import PasswordSignIn from "./PasswordSignIn";

export const passwordMethod: Method = {
  name: "password",
  SignIn: PasswordSignIn,
  instead: "Use a password instead",
  Step: null,
  Panel: PasswordPanel,
  help: { to: "/recover", label: "Forgot your password?" },
  flows: [recoveryFlow],
};
