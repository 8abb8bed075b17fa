import { Link, useLocation } from "react-router";

import { typedAddress } from "../../../auth/signIn";
import AskForMail from "../AskForMail";
import AuthCard from "../AuthCard";
import { AFTER_RECOVERY, passkey, passkeyRecoveryFlow } from "./passkey";

export default function RecoverPage() {
  const { search } = useLocation();
  return (
    <AuthCard
      title="Lost your passkey?"
      next={AFTER_RECOVERY}
      other={
        <Link to={{ pathname: "/sign-in", search }} className="text-link">
          Back to signing in
        </Link>
      }
    >
      <AskForMail
        action="E-mail me a link"
        ask={passkey.recover}
        flow={passkeyRecoveryFlow}
        start={typedAddress.getSnapshot()}
      />
    </AuthCard>
  );
}
