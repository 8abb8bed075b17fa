import { typedAddress } from "../../../auth/signIn";
import AskForMail from "../AskForMail";
import type { SignInProps } from "../method";
import { askForLink, magicLinkFlow } from "./magicLink";

export default function MagicLinkSignIn({ email, autoComplete }: SignInProps) {
  return (
    <AskForMail
      action="E-mail me a link"
      ask={askForLink}
      flow={magicLinkFlow}
      email={email}
      start={typedAddress.getSnapshot()}
      autoComplete={autoComplete}
    />
  );
}
