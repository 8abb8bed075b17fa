import { useId, useState } from "react";

import type { StateName } from "../../api/contract";
import { useSession } from "../../hooks/useSession";
import type { RequestForm } from "../../session/watchers";
import { closesSession, STATE_NAMES, stateLabel } from "../../ui/labels";
import AppIcon from "../AppIcon";

interface SendFormProps {
  /** Sends it; answers whether it worked. */
  onSend: (state: StateName, form: RequestForm) => Promise<boolean>;
}

export default function SendForm({ onSend }: SendFormProps) {
  const fields = useId();
  const pending = useSession((session) => session.pending);
  const [state, setState] = useState(STATE_NAMES[0]);
  const [text, setText] = useState("");
  const closes = state !== undefined && closesSession(state);

  // How long a text may be is the contract's to say: the server answers, and the page shows it.
  async function send(): Promise<void> {
    if (state === undefined) return;
    setText("");
    const worked = await onSend(state, { text });
    // What was refused comes back to be mended, unless there is something newer already.
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
          <label htmlFor={`${fields}-state`} className="field-label">
            State
          </label>
          <select
            id={`${fields}-state`}
            value={state}
            onChange={(event) => {
              setState(STATE_NAMES.find((name) => name === event.target.value));
            }}
            className="select w-full"
          >
            {STATE_NAMES.map((option) => (
              <option key={option} value={option}>
                {stateLabel(option)}
              </option>
            ))}
          </select>
        </div>
        <div className="field">
          <label htmlFor={`${fields}-text`} className="field-label">
            Text
          </label>
          <input
            id={`${fields}-text`}
            value={text}
            onChange={(event) => {
              setText(event.target.value);
            }}
            className="input w-full"
            type="text"
            autoComplete="off"
            placeholder={closes ? "A title for the saved session" : "What should the others read?"}
            aria-describedby={`${fields}-hint`}
          />
        </div>
        <button type="submit" className="btn btn-primary">
          <AppIcon name="send" /> Send
        </button>
      </div>
      <p id={`${fields}-hint`} className="field-hint mt-3">
        {hint(pending, closes)}
      </p>
    </form>
  );
}

/** What happens, or will happen, with what is sent. */
function hint(pending: number, closes: boolean): string {
  if (pending > 0) return `Waiting for an answer to ${pending}.`;
  if (closes) return "Saves the session and ends it for everybody.";
  return "Everybody in the session sees it at once.";
}
