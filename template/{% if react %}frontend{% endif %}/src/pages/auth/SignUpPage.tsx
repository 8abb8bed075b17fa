import { useState } from "react";
import { Link, useLocation } from "react-router";

import { auth } from "../../api/auth";
import AuthCard from "../../components/auth/AuthCard";
import TextField from "../../components/TextField";
import { attempt } from "../../duplex";
import { PASSWORD_HINT, PASSWORD_LENGTH } from "./account";

export default function SignUpPage() {
  const { search } = useLocation();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);

  async function signUp(): Promise<void> {
    setBusy(true);
    await attempt(() => auth.signUp({ name, email, password }));
    setBusy(false);
  }

  return (
    <AuthCard
      title="Create an account"
      action="Create account"
      busy={busy}
      onSubmit={() => {
        void signUp();
      }}
      other={
        <>
          Already have an account?{" "}
          <Link to={{ pathname: "/sign-in", search }} className="text-link">
            Sign in
          </Link>
        </>
      }
    >
      <TextField label="Your name" value={name} onChange={setName} autoComplete="name" required />
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
        autoComplete="new-password"
        required
        minLength={PASSWORD_LENGTH}
        hint={PASSWORD_HINT}
      />
    </AuthCard>
  );
}
