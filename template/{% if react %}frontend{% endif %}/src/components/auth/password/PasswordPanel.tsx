import { useEffect, useState } from "react";

import { attempt, toasts } from "../../../duplex";
import { useAuth } from "../../../stores/auth";
import TextField from "../../TextField";
import AuthForm from "../AuthForm";
import { password, PASSWORD_LENGTH, passwordHint } from "./password";

export default function PasswordPanel() {
  const email = useAuth(({ user }) => user?.email ?? "");
  const [state, setState] = useState({ is_set: true, shortest: PASSWORD_LENGTH });
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");

  useEffect(() => {
    void attempt(async () => {
      setState(await password.state());
    });
  }, []);

  async function change(): Promise<void> {
    const old = state.is_set ? { current_password: current } : {};
    await password.change({ ...old, new_password: next });
    setCurrent("");
    setNext("");
    toasts.show("success", "Password changed.");
    setState(await password.state());
  }

  return (
    <section className="panel mt-5" aria-labelledby="password">
      <h2 id="password" className="panel-title">
        Password
      </h2>
      <p className="muted mt-2 mb-5 text-pretty">A new password signs out your other devices.</p>
      <AuthForm action={state.is_set ? "Change password" : "Set password"} send={change} quiet>
        {/* For password managers: which account this password belongs to. */}
        <input className="hidden" type="text" autoComplete="username" value={email} readOnly />
        {state.is_set && (
          <TextField
            label="Current password"
            value={current}
            onChange={setCurrent}
            type="password"
            autoComplete="current-password"
            required
          />
        )}
        <TextField
          label="New password"
          value={next}
          onChange={setNext}
          type="password"
          autoComplete="new-password"
          required
          minLength={state.shortest}
          hint={passwordHint(state.shortest)}
        />
      </AuthForm>
    </section>
  );
}
