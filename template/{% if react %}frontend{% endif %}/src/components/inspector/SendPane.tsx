import { useEffect } from "react";

import { useReadable } from "../../hooks/useReadable";
import { composer } from "../../inspector/inspector";
import { elsewhere } from "../../inspector/problems";
import { formatCount } from "../../ui/format";
import FieldInput from "./FieldInput";

export default function SendPane() {
  const form = useReadable(composer);
  const { draft, error, field } = form;
  const general = elsewhere(form);

  useEffect(() => {
    void composer.load();
  }, []);

  if (!form.ready) {
    return <p className="inspector-body muted">Asking the server for its states …</p>;
  }
  return (
    <form
      className="inspector-body flex flex-col gap-5"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void composer.send();
      }}
    >
      <div className="field">
        <label htmlFor="inspector-state" className="field-label">
          State to send
        </label>
        <select
          id="inspector-state"
          className="select w-full"
          value={form.state}
          onChange={(event) => {
            composer.choose(event.target.value);
          }}
        >
          {form.states.map((state) => (
            <option key={state} value={state}>
              {state}
            </option>
          ))}
        </select>
      </div>
      {field && (
        <label className="flex items-center gap-2">
          <input
            type="checkbox"
            className="checkbox checkbox-sm"
            checked={form.asJson}
            onChange={() => {
              composer.writeJson(!form.asJson);
            }}
          />
          Write the data as JSON
        </label>
      )}
      {field && draft && !form.asJson ? (
        <FieldInput
          field={field}
          draft={draft}
          problems={form.problems}
          path=""
          label="Data"
          onChange={composer.edit}
        />
      ) : (
        <div className="field">
          <label htmlFor="inspector-json" className="field-label">
            Data as JSON
          </label>
          <textarea
            id="inspector-json"
            className="textarea w-full font-mono text-xs"
            rows={8}
            spellCheck={false}
            value={form.json}
            onChange={(event) => {
              composer.editJson(event.target.value);
            }}
          />
        </div>
      )}
      {(error !== null || general.length > 0) && (
        <div role="alert" className="field-error">
          {error !== null && <p>{error}</p>}
          {general.map((problem) => (
            <p key={problem}>{problem}</p>
          ))}
        </div>
      )}
      {form.problems.length > 0 && (
        <p className="text-error">
          {formatCount(form.problems.length, "problem", "problems")} to mend above.
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        <button type="submit" className="btn btn-primary btn-sm" disabled={form.sending}>
          Send request
        </button>
        {form.sendable && (
          <button
            type="button"
            className="btn btn-quiet btn-sm"
            onClick={() => {
              void composer.send(true);
            }}
          >
            Send it anyway
          </button>
        )}
      </div>
      {form.reply !== null && (
        <div role="status">
          <p className="field-label">Reply</p>
          <pre className="inspector-reply" tabIndex={0}>
            {form.reply}
          </pre>
        </div>
      )}
    </form>
  );
}
