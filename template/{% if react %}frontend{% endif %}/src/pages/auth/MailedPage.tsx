import { useEffect, useState } from "react";
import { Link, useLocation } from "react-router";

import {
  followLink,
  hideToken,
  linkToken,
  type MailFlow,
  NO_TOKEN,
  SIGN_IN_AGAIN,
  withCredential,
} from "../../auth/flows";
import AuthCard from "../../components/auth/AuthCard";
import AuthForm from "../../components/auth/AuthForm";
import { Credential } from "../../components/auth/credential";
import { flows } from "../../components/auth/methods";

/** The page that the link of a mail opens. Opening it does not use up the link: mail scanners open it too. */
export default function MailedPage() {
  const { pathname } = useLocation();
  const flow = flows.find(({ page }) => page === pathname);
  return flow && <MailedFlow flow={flow} />;
}

function MailedFlow({ flow }: { flow: MailFlow }) {
  const [token] = useState(linkToken);
  const [credential, setCredential] = useState("");
  const [confirmed, setConfirmed] = useState(false);
  /** Why the link can no longer be used. */
  const [problem, setProblem] = useState(token === null ? NO_TOKEN : null);

  useEffect(hideToken, []);

  async function confirm(): Promise<void> {
    if (token === null) return;
    const outcome = await followLink(flow, withCredential(flow, { token }, credential));
    setConfirmed(outcome.confirmed);
    setProblem(outcome.problem);
  }

  const form = (
    <AuthForm action={flow.action} send={confirm}>
      {Credential !== null && flow.credential !== undefined && (
        <Credential value={credential} onChange={setCredential} />
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
  const again = confirmed ? SIGN_IN_AGAIN : flow.again;
  const over = (
    <>
      <p role="alert" className="text-pretty">
        {problem}
      </p>
      <Link to={again.to} className="btn btn-primary">
        {again.label}
      </Link>
    </>
  );
  return (
    <AuthCard title={flow.title} next={flow.next} stay={!confirmed || flow.done !== undefined}>
      {problem !== null ? over : confirmed ? done : form}
    </AuthCard>
  );
}
