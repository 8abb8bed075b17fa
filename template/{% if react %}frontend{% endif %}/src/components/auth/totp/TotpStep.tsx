import { useEffect, useRef, useState } from "react";

import { auth } from "../../../api/auth";
import { focusField } from "../../../duplex";
import TextField from "../../TextField";
import AuthForm from "../AuthForm";
import { totp } from "./totp";

export default function TotpStep() {
  const root = useRef<HTMLDivElement>(null);
  const [code, setCode] = useState("");

  useEffect(() => {
    focusField(root.current);
  }, []);

  return (
    <div ref={root} className="flex flex-col gap-3">
      <AuthForm action="Continue" send={() => totp.signIn(code.trim())}>
        <TextField
          label="Code"
          value={code}
          onChange={setCode}
          autoComplete="one-time-code"
          spellCheck={false}
          required
          hint="Six digits of your authenticator app, or a recovery code."
        />
      </AuthForm>
      <button type="button" className="btn btn-ghost" onClick={auth.startOver}>
        Begin again
      </button>
    </div>
  );
}
