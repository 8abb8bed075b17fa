import { useEffect, useRef, useState } from "react";

import { attempt } from "../../duplex";
import { PASSWORD_LENGTH, passwordHint } from "../../pages/auth/account";
import {
  MAIL_ON_ITS_WAY,
  MAIL_SENT_AGAIN,
  type MailFlow,
  withPassword,
} from "../../pages/auth/flows";
import TextField from "../TextField";
import AuthForm from "./AuthForm";

interface WaitForMailProps {
  email: string;
  flow: MailFlow;
  again: () => Promise<void>;
  onDone?: (() => void) | undefined;
}

/** Asks for the code of a mail, and sends the mail once more where it did not come. */
export default function WaitForMail({ email, flow, again, onDone }: WaitForMailProps) {
  const root = useRef<HTMLDivElement>(null);
  const [code, setCode] = useState("");
  const [password, setPassword] = useState("");

  useEffect(() => root.current?.querySelector("input")?.focus(), []);

  async function confirm(): Promise<void> {
    await flow.confirm(withPassword(flow, { code: code.trim() }, password));
    onDone?.();
  }

  return (
    <div ref={root} className="flex flex-col gap-5">
      <p role="status" className="text-pretty wrap-anywhere">
        A mail to <strong>{email}</strong> {MAIL_ON_ITS_WAY}
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
        {flow.newPassword && (
          <>
            <input className="hidden" type="text" autoComplete="username" value={email} readOnly />
            <TextField
              label="New password"
              value={password}
              onChange={setPassword}
              type="password"
              autoComplete="new-password"
              required
              hint={passwordHint(PASSWORD_LENGTH)}
            />
          </>
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
