import type { Method } from "../method";
import { magicLinkFlow } from "./magicLink";
import MagicLinkSignIn from "./MagicLinkSignIn.vue";

export const magicLinkMethod: Method = {
  name: "magic_link",
  SignIn: MagicLinkSignIn,
  instead: "Use an e-mail link instead",
  Step: null,
  Panel: null,
  help: null,
  flows: [magicLinkFlow],
};
