import { Link, useLocation } from "react-router";

import { typedAddress } from "../../../auth/signIn";
import AskForMail from "../AskForMail";
import AuthCard from "../AuthCard";
import { password, recoveryFlow } from "./password";

export default function RecoverPage() {
  const { search } = useLocation();
  return (
    <AuthCard
      title="Forgot your password?"
      other={
        <Link to={{ pathname: "/sign-in", search }} className="text-link">
          Back to signing in
        </Link>
      }
    >
      <AskForMail
        action="E-mail me a link"
        ask={password.recover}
        flow={recoveryFlow}
        start={typedAddress.getSnapshot()}
      />
    </AuthCard>
  );
}
