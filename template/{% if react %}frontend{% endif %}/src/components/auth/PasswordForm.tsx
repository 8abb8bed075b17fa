import { useState } from "react";

import { auth } from "../../api/auth";
import { attempt } from "../../duplex";
import { PASSWORD_HINT, PASSWORD_LENGTH } from "../../pages/auth/account";
import TextField from "../TextField";

export default function PasswordForm({ email }: { email: string }) {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [busy, setBusy] = useState(false);

  async function change(): Promise<void> {
    if (busy) return;
    setBusy(true);
    const passwords = { current_password: current, new_password: next };
    if (await attempt(() => auth.changePassword(passwords), "Password changed.")) {
      setCurrent("");
      setNext("");
    }
    setBusy(false);
  }

  return (
    <section className="panel mt-5" aria-labelledby="password">
      <h2 id="password" className="panel-title">
        Password
      </h2>
      <p className="muted mt-2 text-pretty">A new password signs out your other devices.</p>
      <form
        className="mt-5 flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          void change();
        }}
      >
        {/* For password managers: which account this password belongs to. */}
        <input className="hidden" type="text" autoComplete="username" value={email} readOnly />
        <TextField
          label="Current password"
          value={current}
          onChange={setCurrent}
          type="password"
          autoComplete="current-password"
          required
        />
        <TextField
          label="New password"
          value={next}
          onChange={setNext}
          type="password"
          autoComplete="new-password"
          required
          minLength={PASSWORD_LENGTH}
          hint={PASSWORD_HINT}
        />
        <button type="submit" className="btn self-start btn-quiet" aria-disabled={busy}>
          Change password
        </button>
      </form>
    </section>
  );
}
