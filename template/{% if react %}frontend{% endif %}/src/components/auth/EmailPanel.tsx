import { useState } from "react";

import { auth, type Profile } from "../../api/auth";
import { emailFlow } from "../../auth/flows";
import { toasts } from "../../duplex";
import AskForMail from "./AskForMail";

export default function EmailPanel({ user }: { user: Profile }) {
  /** Counts changes: each begins with an empty form. */
  const [changes, setChanges] = useState(0);

  function done(): void {
    setChanges((before) => before + 1);
    toasts.show("success", emailFlow.done ?? "");
  }

  return (
    <section className="panel mt-5" aria-labelledby="email">
      <h2 id="email" className="panel-title">
        E-mail address
      </h2>
      <p className="mt-2 mb-5 wrap-anywhere">{user.email}</p>
      <div className="flex flex-col gap-6">
        {!user.email_verified && (
          <AskForMail
            key={user.email}
            action="Verify this address"
            ask={() => auth.askForMail("/auth/email/verify")}
            flow={emailFlow}
            email={user.email}
            quiet
            onDone={done}
          >
            <p className="text-pretty">This address is not verified yet.</p>
          </AskForMail>
        )}
        <AskForMail
          key={changes}
          action="Change address"
          label="New e-mail address"
          autoComplete="email"
          ask={auth.changeEmail}
          flow={emailFlow}
          quiet
          onDone={done}
        />
      </div>
    </section>
  );
}
