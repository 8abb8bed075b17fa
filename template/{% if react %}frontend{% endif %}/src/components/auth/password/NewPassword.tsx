import TextField from "../../TextField";
import type { CredentialProps } from "../method";
import { PASSWORD_LENGTH, passwordHint } from "./password";

/** The password of a new account, or a new one. */
export default function NewPassword({ email, signUp, value, onChange }: CredentialProps) {
  return (
    <>
      {email !== undefined && (
        <input className="hidden" type="text" autoComplete="username" value={email} readOnly />
      )}
      <TextField
        label={signUp ? "Password" : "New password"}
        value={value}
        onChange={onChange}
        type="password"
        autoComplete="new-password"
        required
        minLength={signUp ? PASSWORD_LENGTH : undefined}
        hint={passwordHint(PASSWORD_LENGTH)}
      />
    </>
  );
}
