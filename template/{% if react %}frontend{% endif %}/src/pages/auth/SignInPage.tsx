import { useState } from "react";
import { Link, useLocation } from "react-router";

import { auth } from "../../api/auth";
import AuthCard from "../../components/auth/AuthCard";
import TextField from "../../components/TextField";
import { attempt } from "../../duplex";

export default function SignInPage() {
  const { search } = useLocation();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);

  async function signIn(): Promise<void> {
    setBusy(true);
    await attempt(() => auth.signIn({ email, password }));
    setBusy(false);
  }

  return (
    <AuthCard
      title="Sign in"
      action="Sign in"
      busy={busy}
      onSubmit={() => {
        void signIn();
      }}
      other={
        <>
          New here?{" "}
          <Link to={{ pathname: "/sign-up", search }} className="text-link">
            Create an account
          </Link>
        </>
      }
    >
      <TextField
        label="E-mail"
        value={email}
        onChange={setEmail}
        type="email"
        autoComplete="username"
        required
      />
      <TextField
        label="Password"
        value={password}
        onChange={setPassword}
        type="password"
        autoComplete="current-password"
        required
      />
    </AuthCard>
  );
}
