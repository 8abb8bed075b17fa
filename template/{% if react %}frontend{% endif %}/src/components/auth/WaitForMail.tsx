import { useEffect, useRef, useState } from "react";

import { MAIL_ON_ITS_WAY, MAIL_SENT_AGAIN, type MailFlow, withCredential } from "../../auth/flows";
import { attempt, focusField } from "../../duplex";
import TextField from "../TextField";
import AuthForm from "./AuthForm";
import { Credential } from "./credential";

interface WaitForMailProps {
  email: string;
  flow: MailFlow;
  again: () => Promise<void>;
  onDone?: (() => void) | undefined;
}

/** Asks for the code of a mail, and offers to send the mail again. */
export default function WaitForMail({ email, flow, again, onDone }: WaitForMailProps) {
  const root = useRef<HTMLDivElement>(null);
  const [code, setCode] = useState("");
  const [credential, setCredential] = useState("");

  useEffect(() => {
    focusField(root.current);
  }, []);

  async function confirm(): Promise<void> {
    await flow.confirm(withCredential(flow, { code: code.trim() }, credential));
    onDone?.();
  }

  return (
    <div ref={root} className="flex flex-col gap-5">
      <p role="status" className="text-pretty wrap-anywhere">
        A mail to <bdi className="font-semibold">{email}</bdi> {MAIL_ON_ITS_WAY}
      </p>
      <AuthForm action={flow.action} send={confirm}>
        <TextField
          label="Code"
          value={code}
          onChange={setCode}
          autoComplete="one-time-code"
          autoCapitalize="characters"
          spellCheck={false}
          required
        />
        {Credential !== null && flow.credential !== undefined && (
          <Credential email={email} value={credential} onChange={setCredential} />
        )}
      </AuthForm>
      <button
        type="button"
        className="btn btn-ghost"
        onClick={() => {
          void attempt(again, MAIL_SENT_AGAIN);
        }}
      >
        Send the mail again
      </button>
    </div>
  );
}
