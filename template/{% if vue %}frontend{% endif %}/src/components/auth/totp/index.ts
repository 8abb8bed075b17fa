import type { Method } from "../method";
import TotpPanel from "./TotpPanel.vue";
import TotpStep from "./TotpStep.vue";

export const totpMethod: Method = {
  name: "totp",
  SignIn: null,
  instead: null,
  Step: TotpStep,
  Panel: TotpPanel,
  help: null,
  flows: [],
};
