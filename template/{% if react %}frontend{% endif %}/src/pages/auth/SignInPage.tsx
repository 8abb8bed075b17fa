import { Link, useLocation } from "react-router";

import AuthCard from "../../components/auth/AuthCard";
import { methods } from "../../components/auth/methods";
import SignInForms from "../../components/auth/SignInForms";
import { useSignUpOpen } from "../../stores/auth";

export default function SignInPage() {
  const { search } = useLocation();
  const signUpOpen = useSignUpOpen();
  const help = methods.flatMap((method) => method.help ?? []);
  const other = (
    <>
      New here?{" "}
      <Link to={{ pathname: "/sign-up", search }} className="text-link">
        Create an account
      </Link>
    </>
  );
  return (
    <AuthCard title="Sign in" other={signUpOpen === true ? other : undefined}>
      <SignInForms />
      {help.map(({ to, label }) => (
        <p key={to} className="text-center">
          <Link to={{ pathname: to, search }} className="text-link">
            {label}
          </Link>
        </p>
      ))}
    </AuthCard>
  );
}
