import { useId, useState } from "react";

import { closesSession, formStates, sendForm, stateLabel, useSession } from "../../duplex";
import AppIcon from "../AppIcon";
import TextField from "../TextField";

export default function SendForm() {
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
          placeholder={closes ? "A title for the saved session" : "A note for everybody"}
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
  if (pending > 0) return `Waiting for the responses to ${pending} requests.`;
  if (closes) return "Saves the session and ends it for everybody.";
  return "Everybody in the session sees it at once.";
}
