import type { Method } from "../method";
import TotpPanel from "./TotpPanel";
import TotpStep from "./TotpStep";

export const totpMethod: Method = {
  name: "totp",
  SignIn: null,
  instead: null,
  Step: TotpStep,
  Panel: TotpPanel,
  help: null,
  flows: [],
};
