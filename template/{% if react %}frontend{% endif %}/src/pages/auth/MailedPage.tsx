import { useEffect, useState } from "react";
import { Link, useLocation } from "react-router";

import AuthCard from "../../components/auth/AuthCard";
import AuthForm from "../../components/auth/AuthForm";
import { flows } from "../../components/auth/methods";
import TextField from "../../components/TextField";
import { PASSWORD_LENGTH, passwordHint } from "./account";
import { hideToken, linkToken, type MailFlow, NO_TOKEN } from "./flows";

/** The page that the link of a mail opens. Opening it uses nothing up: programs that look at mails do so. */
export default function MailedPage() {
  const { pathname } = useLocation();
  const flow = flows.find(({ page }) => page === pathname);
  return flow && <MailedFlow flow={flow} />;
}

function MailedFlow({ flow }: { flow: MailFlow }) {
  const [token] = useState(linkToken);
  const [password, setPassword] = useState("");
  const [confirmed, setConfirmed] = useState(false);

  useEffect(hideToken, []);

  async function confirm(): Promise<void> {
    if (token === null) return;
    const more = flow.newPassword ? { new_password: password } : {};
    await flow.confirm({ token, ...more });
    setConfirmed(true);
  }

  const form = (
    <AuthForm action={flow.action} send={confirm}>
      {flow.newPassword && (
        <TextField
          label="New password"
          value={password}
          onChange={setPassword}
          type="password"
          autoComplete="new-password"
          required
          hint={passwordHint(PASSWORD_LENGTH)}
        />
      )}
    </AuthForm>
  );
  const done = (
    <>
      <p role="status">{flow.done}</p>
      <Link to="/account" className="btn btn-primary">
        Continue
      </Link>
    </>
  );
  return (
    <AuthCard title={flow.title} next={flow.next} stay={!confirmed || flow.done !== undefined}>
      {token === null ? <p role="alert">{NO_TOKEN}</p> : confirmed ? done : form}
    </AuthCard>
  );
}
