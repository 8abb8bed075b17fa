import { useId, useState } from "react";

import {
  AppIcon,
  closesSession,
  type Document,
  formatCount,
  formatTime,
  formStates,
  initials,
  sendForm,
  stateLabel,
  useSession,
} from "../../duplex";
import type { Entry } from "../../notes";
import EmptyState from "../EmptyState";
import TextField from "../TextField";

interface SessionContentProps {
  document: Document;
  ended: boolean;
}

/** YOURS: what a session's page shows of the shared document, and how it is changed. */
export default function SessionContent({ document, ended }: SessionContentProps) {
  return (
    <>
      {!ended && <SendForm />}
      {(!ended || document.entries.length > 0) && <NotesList entries={document.entries} />}
    </>
  );
}

function SendForm() {
  const field = useId();
  const states = formStates();
  const pending = useSession((session) => session.pending);
  const [state, setState] = useState(states[0]);
  const [text, setText] = useState("");
  const closes = state !== undefined && closesSession(state);

  // The contract limits the text's length: the server refuses longer ones, and a toast shows its error.
  async function send(): Promise<void> {
    if (state === undefined) return;
    setText("");
    const worked = await sendForm(state, { text });
    // A refused text comes back to be corrected, unless the user has typed another one.
    if (!worked) setText((newer) => (newer === "" ? text : newer));
  }

  return (
    <form
      className="panel"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div className="grid gap-4 sm:grid-cols-[14rem_minmax(0,1fr)_auto] sm:items-end">
        <div className="field">
          <label htmlFor={field} className="field-label">
            State
          </label>
          <select
            id={field}
            value={state}
            onChange={(event) => {
              setState(states.find((name) => name === event.target.value));
            }}
            className="select w-full"
          >
            {states.map((option) => (
              <option key={option} value={option}>
                {stateLabel(option)}
              </option>
            ))}
          </select>
        </div>
        <TextField
          label="Text"
          value={text}
          onChange={setText}
          autoComplete="off"
          placeholder={closes ? "A title" : "A text for everybody"}
        />
        <button type="submit" className="btn btn-primary">
          <AppIcon name="send" /> Send
        </button>
      </div>
      <p className="field-hint mt-3">{hint(pending, closes)}</p>
    </form>
  );
}

function hint(pending: number, closes: boolean): string {
  if (pending > 0)
    return `Waiting for the answer to ${formatCount(pending, "request", "requests")}.`;
  if (closes) return "Ends the session for everybody.";
  return "Everybody in the session receives it at once.";
}

function NotesList({ entries }: { entries: readonly Entry[] }) {
  const latestFirst = entries.toReversed();

  return (
    <section className="panel" aria-labelledby="notes">
      <h2 id="notes" className="panel-title">
        Shared notes
      </h2>
      {entries.length === 0 ? (
        <EmptyState icon="inbox" title="Nothing here yet">
          Send the first one: it appears here for everybody in the session.
        </EmptyState>
      ) : (
        <ul
          className="mt-3 divide-y divide-base-300"
          aria-label="Shared notes"
          aria-live="polite"
          aria-relevant="additions"
        >
          {latestFirst.map((entry, index) => (
            <li
              key={`${entry.at} ${entries.length - index}`}
              className="flex gap-3.5 py-4 last:pb-0"
            >
              <span className="avatar-round" aria-hidden="true">
                {initials(entry.by)}
              </span>
              <div className="min-w-0 flex-1">
                <p className="flex items-center gap-x-2.5 text-sm">
                  <bdi className="max-w-3/5 shrink-0 truncate font-semibold">{entry.by}</bdi>
                  <span className="tag">{stateLabel(entry.state)}</span>
                  <time className="muted ml-auto shrink-0 tabular-nums" dateTime={entry.at}>
                    {formatTime(entry.at)}
                  </time>
                </p>
                {entry.text !== "" && (
                  <p className="mt-1 wrap-break-word whitespace-pre-wrap">
                    <bdi>{entry.text}</bdi>
                  </p>
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
