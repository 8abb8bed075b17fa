import { useState } from "react";
import { Link, useLocation } from "react-router";

import { auth } from "../../api/auth";
import { signUpFlow, withCredential } from "../../auth/flows";
import { BY_INVITATION } from "../../auth/signIn";
import AuthCard from "../../components/auth/AuthCard";
import AuthForm from "../../components/auth/AuthForm";
import { Credential } from "../../components/auth/credential";
import { SIGN_UP } from "../../components/auth/methods";
import WaitForMail from "../../components/auth/WaitForMail";
import TextField from "../../components/TextField";
import { useSignUpOpen } from "../../stores/auth";

export default function SignUpPage() {
  const { search } = useLocation();
  const closed = useSignUpOpen() === false;
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [credential, setCredential] = useState("");
  const [asked, setAsked] = useState(false);

  async function signUp(): Promise<void> {
    await auth.askForMail(SIGN_UP.route, withCredential(SIGN_UP, { name, email }, credential));
    setAsked(true);
  }

  const form = closed ? (
    <p>{BY_INVITATION}</p>
  ) : (
    <AuthForm action="Create account" send={signUp}>
      <TextField label="Your name" value={name} onChange={setName} autoComplete="name" required />
      <TextField
        label="E-mail"
        value={email}
        onChange={setEmail}
        type="email"
        autoComplete="username"
        required
      />
      {Credential !== null && <Credential value={credential} onChange={setCredential} signUp />}
    </AuthForm>
  );
  return (
    <AuthCard
      title="Create an account"
      other={
        <>
          Already have an account?{" "}
          <Link to={{ pathname: "/sign-in", search }} className="text-link">
            Sign in
          </Link>
        </>
      }
    >
      {asked ? <WaitForMail email={email} flow={signUpFlow} again={signUp} /> : form}
    </AuthCard>
  );
}
