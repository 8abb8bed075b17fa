import { useEffect, useRef } from "react";

import { auth } from "../../api/auth";
import { useReadable } from "../../duplex";
import { confirmation } from "../../duplex/accounts";
import ModalDialog from "../ModalDialog";
import SignInForms from "./SignInForms";
import { useSecondStep } from "./useSecondStep";

function close(): void {
  auth.startOver();
  confirmation.answer(false);
}

/** Asks for another sign-in before an important change. */
export default function ConfirmIdentity({ email }: { email: string }) {
  const asking = useReadable(confirmation);
  const forms = useRef<HTMLDivElement>(null);
  const step = useSecondStep(forms);
  useEffect(() => close, []);
  if (asking === null) return null;
  return (
    <ModalDialog title="Is it you?" onClose={close}>
      <p className="muted mt-2 mb-5 text-pretty">This change needs a recent sign-in.</p>
      <div ref={forms} className="flex flex-col gap-5">
        {step ?? <SignInForms email={email} />}
        <button type="button" className="btn btn-ghost" onClick={close}>
          Cancel
        </button>
      </div>
    </ModalDialog>
  );
}
