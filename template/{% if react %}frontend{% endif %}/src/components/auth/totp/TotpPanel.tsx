import { useEffect, useState } from "react";

import { useReadable } from "../../../duplex";
import TextField from "../../TextField";
import AuthForm from "../AuthForm";
import { copyCodes, qrImage, totp, type TotpSetUp, totpState } from "./totp";

export default function TotpPanel() {
  const { items, problem } = useReadable(totpState);
  const state = items?.[0];
  const [setUp, setSetUp] = useState<TotpSetUp | null>(null);
  const [codes, setCodes] = useState<readonly string[]>([]);

  useEffect(() => {
    void totpState.load();
  }, []);

  async function show(request: () => Promise<{ recovery_codes: string[] }>): Promise<void> {
    setCodes((await request()).recovery_codes);
    setSetUp(null);
    await totpState.load();
  }

  async function turnOff(): Promise<void> {
    if (await totpState.change(totp.turnOff, "The second step is off.")) setCodes([]);
  }

  return (
    <section className="panel mt-5" aria-labelledby="totp">
      <h2 id="totp" className="panel-title">
        Authenticator app
      </h2>
      <p className="muted mt-2 mb-5 text-pretty">
        A second step: after the first one, signing in asks for a code of an app on your phone.
      </p>
      {problem !== null && (
        <p role="alert" className="field-error">
          {problem}
        </p>
      )}
      {codes.length > 0 && <RecoveryCodes codes={codes} />}
      {setUp !== null && <SetUp setUp={setUp} confirm={(code) => show(() => totp.confirm(code))} />}
      {setUp === null && state?.is_on && (
        <>
          <p className="mb-4">It is on, with {state.recovery_codes_left} recovery codes left.</p>
          <div className="flex flex-wrap gap-3">
            <AuthForm action="New recovery codes" send={() => show(totp.renewCodes)} quiet />
            <AuthForm action="Turn off" send={turnOff} quiet />
          </div>
        </>
      )}
      {setUp === null && state?.is_on === false && (
        <AuthForm
          action="Set up"
          quiet
          send={async () => {
            setCodes([]);
            setSetUp(await totp.setUp());
          }}
        />
      )}
    </section>
  );
}

function RecoveryCodes({ codes }: { codes: readonly string[] }) {
  return (
    <div role="status" className="mb-5">
      <p className="text-pretty">
        Your recovery codes, each for one sign-in without the app. They are shown only now: keep
        them somewhere safe.
      </p>
      <ul className="mt-3 grid grid-cols-2 gap-2 font-mono" aria-label="Recovery codes">
        {codes.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
      <button
        type="button"
        className="btn mt-4 btn-quiet btn-sm"
        onClick={() => void copyCodes(codes)}
      >
        Copy the codes
      </button>
    </div>
  );
}

interface SetUpProps {
  setUp: TotpSetUp;
  confirm: (code: string) => Promise<void>;
}

function SetUp({ setUp, confirm }: SetUpProps) {
  const [code, setCode] = useState("");
  return (
    <div className="flex flex-col gap-4">
      <p className="text-pretty">
        Scan this with your app,{" "}
        <a href={setUp.uri} className="text-link">
          open it in an app on this device
        </a>
        , or type the key into it. Then type the app&apos;s code here.
      </p>
      <img src={qrImage(setUp)} alt="QR code for your app" className="size-48 bg-white p-2" />
      <p>
        Key: <code className="wrap-anywhere">{setUp.secret}</code>
      </p>
      <AuthForm action="Turn on" send={() => confirm(code.trim())} quiet>
        <TextField
          label="Code of the app"
          value={code}
          onChange={setCode}
          autoComplete="one-time-code"
          inputMode="numeric"
          required
        />
      </AuthForm>
    </div>
  );
}
