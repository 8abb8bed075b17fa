import { useEffect, useId, useRef, useState } from "react";
import { useNavigate } from "react-router";

import AppIcon from "../components/AppIcon";
import { useSession } from "../hooks/useSession";
import { liveSession } from "../ui/liveSession";
import { problemOf } from "../ui/problem";
import { displayName, NAME_LENGTH, NOT_BLANK } from "../ui/profile";
import { readSessionName } from "../ui/sessionName";
import { toasts } from "../ui/toasts";

export default function StartPage() {
  const navigate = useNavigate();
  const fields = useId();
  const [name, setName] = useState(displayName.getSnapshot());
  const [sessionName, setSessionName] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const reason = useSession((state) => state.reason);
  const shown = useRef(false);

  useEffect(() => {
    shown.current = true;
    return () => {
      shown.current = false;
    };
  }, []);

  async function start(): Promise<void> {
    if (busy) return;
    const read = readSessionName(sessionName);
    setProblem(read.ok ? null : read.problem);
    if (!read.ok) return;
    displayName.set(name);
    const id = read.id ?? (await open());
    if (id !== null) await navigate(`/session/${id}`);
  }

  /** A session without a name gets its id from the server; null when there is none to go to. */
  async function open(): Promise<string | null> {
    setBusy(true);
    try {
      const { session } = await liveSession.initialiseSocket({ name: displayName.getSnapshot() });
      return session;
    } catch (error) {
      // Whoever has left the page does not wait for this session any more.
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
        Open a room of your own, or join one: a session is shared by everybody who has its name or
        its invite link.
      </p>
      <form
        className="panel mt-8 flex flex-col gap-6"
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <div className="field">
          <label htmlFor={`${fields}-name`} className="field-label">
            Your name
          </label>
          <input
            id={`${fields}-name`}
            value={name}
            onChange={(event) => {
              setName(event.target.value);
            }}
            className="input w-full"
            type="text"
            autoComplete="nickname"
            required
            pattern={NOT_BLANK}
            maxLength={NAME_LENGTH}
            aria-describedby={`${fields}-name-hint`}
          />
          <p id={`${fields}-name-hint`} className="field-hint">
            The others in the session see it.
          </p>
        </div>
        <div className="field">
          <label htmlFor={`${fields}-session`} className="field-label">
            Session name (optional)
          </label>
          <input
            id={`${fields}-session`}
            value={sessionName}
            onChange={(event) => {
              setSessionName(event.target.value);
            }}
            className={problem === null ? "input w-full" : "input w-full input-error"}
            type="text"
            autoComplete="off"
            aria-invalid={problem !== null}
            aria-describedby={`${fields}-session-hint`}
          />
          <p
            id={`${fields}-session-hint`}
            className={problem === null ? "field-hint" : "field-error"}
            role={problem === null ? undefined : "alert"}
          >
            {problem ?? "Leave it empty for a private session that nobody can guess."}
          </p>
        </div>
        <button type="submit" className="btn self-start btn-primary" aria-disabled={busy}>
          {busy ? (
            <span className="loading loading-sm loading-spinner" />
          ) : (
            <AppIcon name="duplex" />
          )}
          Start session
        </button>
        {busy && reason !== null && <p className="field-hint">{reason}</p>}
      </form>
    </div>
  );
}
