import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";

import TextField from "../components/TextField";
import {
  AppIcon,
  currentApp,
  displayName,
  NAME_LENGTH,
  NOT_BLANK,
  problemOf,
  readSessionName,
  toasts,
  useSession,
} from "../duplex";

export default function StartPage() {
  const navigate = useNavigate();
  const { accounts, paths } = currentApp();
  const [name, setName] = useState(displayName.getSnapshot());
  const [sessionName, setSessionName] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const { state, initialiseSocket } = useSession();
  const shown = useRef(false);

  useEffect(() => {
    shown.current = true;
    return () => {
      shown.current = false;
    };
  }, []);

  async function start(): Promise<void> {
    if (busy) return;
    const read = readSessionName(sessionName, paths.session);
    setProblem(read.ok ? null : read.problem);
    if (!read.ok) return;
    displayName.set(name);
    const id = read.id ?? (await open());
    if (id !== null) await navigate(paths.session(id));
  }

  /** Opens a session with an id from the server. Resolves to the id; to null when it failed. */
  async function open(): Promise<string | null> {
    setBusy(true);
    try {
      const { session } = await initialiseSocket({ name: displayName.getSnapshot() });
      return session;
    } catch (error) {
      // A user who has left the page does not wait for this session any more.
      if (shown.current) toasts.show("error", problemOf(error));
      return null;
    } finally {
      setBusy(false);
    }
  }

  return (
    <div className="page page-narrow">
      <h1 className="page-title">Start a session</h1>
      <p className="muted mt-3 text-pretty">
        Open a session of your own, or join one: everybody who has its name or its invite link
        shares it.
      </p>
      <form
        className="panel mt-8 flex flex-col gap-6"
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        {accounts === null && (
          <TextField
            label="Your name"
            value={name}
            onChange={setName}
            hint="The other participants see it."
            autoComplete="nickname"
            required
            pattern={NOT_BLANK}
            maxLength={NAME_LENGTH}
          />
        )}
        <TextField
          label="Session name (optional)"
          value={sessionName}
          onChange={setSessionName}
          hint="Leave it empty for a private session that nobody can guess."
          problem={problem}
          autoComplete="off"
        />
        <button type="submit" className="btn self-start btn-primary" aria-disabled={busy}>
          {busy ? (
            <span className="loading loading-sm loading-spinner" />
          ) : (
            <AppIcon name="duplex" />
          )}
          Start session
        </button>
        {busy && state.reason !== null && <p className="field-hint">{state.reason}</p>}
      </form>
    </div>
  );
}
