import { type ReactNode, useState } from "react";

import type { MailFlow } from "../../auth/flows";
import TextField from "../TextField";
import AuthForm from "./AuthForm";
import WaitForMail from "./WaitForMail";

interface AskForMailProps {
  /** The text of the button. */
  action: string;
  ask: (email: string) => Promise<void>;
  flow: MailFlow;
  /** If the address is known, the form has no field for it. */
  email?: string | null;
  /** The initial text of the field. */
  start?: string;
  autoComplete?: string;
  label?: string;
  quiet?: boolean;
  onDone?: () => void;
  children?: ReactNode;
}

/** Asks for an e-mail address, has a mail sent there, and waits for its code. */
export default function AskForMail({
  action,
  ask,
  flow,
  email = null,
  start = "",
  autoComplete = "username",
  label = "E-mail",
  quiet = false,
  onDone,
  children,
}: AskForMailProps) {
  const [address, setAddress] = useState(email ?? start);
  const [asked, setAsked] = useState(false);

  if (asked) {
    return <WaitForMail email={address} flow={flow} again={() => ask(address)} onDone={onDone} />;
  }
  return (
    <AuthForm
      action={action}
      quiet={quiet}
      send={async () => {
        await ask(address);
        setAsked(true);
      }}
    >
      {children}
      {email === null && (
        <TextField
          label={label}
          value={address}
          onChange={setAddress}
          type="email"
          autoComplete={autoComplete}
          required
        />
      )}
    </AuthForm>
  );
}
