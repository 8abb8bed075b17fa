import { useState } from "react";

import { typedAddress } from "../../../auth/signIn";
import TextField from "../../TextField";
import AuthForm from "../AuthForm";
import type { SignInProps } from "../method";
import { password } from "./password";

export default function PasswordSignIn({ email, autoComplete }: SignInProps) {
  const [address, setAddress] = useState(email ?? typedAddress.getSnapshot());
  const [typed, setTyped] = useState("");
  return (
    <AuthForm
      action={email === null ? "Sign in" : "Confirm with password"}
      send={() => password.signIn({ email: address, password: typed })}
    >
      {email === null ? (
        <TextField
          label="E-mail"
          value={address}
          onChange={(text) => {
            setAddress(text);
            typedAddress.set(text);
          }}
          type="email"
          autoComplete={autoComplete}
          required
        />
      ) : (
        <input className="hidden" type="text" autoComplete="username" value={email} readOnly />
      )}
      <TextField
        label="Password"
        value={typed}
        onChange={setTyped}
        type="password"
        autoComplete="current-password"
        required
      />
    </AuthForm>
  );
}
