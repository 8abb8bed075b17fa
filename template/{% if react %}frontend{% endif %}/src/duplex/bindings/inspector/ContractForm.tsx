import { useEffect, useId } from "react";

import { type Composer, elsewhere } from "../../inspector/composer";
import { formatCount } from "../../ui/format";
import { useReadable } from "../session";
import FieldInput from "./FieldInput";

/** A form for any request, built from the server's contract. */
export default function ContractForm({ composer }: { composer: Composer }) {
  const id = useId();
  const form = useReadable(composer);
  const { draft, error, field } = form;
  const general = elsewhere(form);

  useEffect(() => {
    void composer.load();
  }, [composer]);

  if (!form.ready) {
    return <p className="muted">Loading the server’s contract …</p>;
  }
  return (
    <form
      className="flex flex-col gap-5"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void composer.send();
      }}
    >
      <div className="field">
        <label htmlFor={`${id}-state`} className="field-label">
          State to send
        </label>
        <select
          id={`${id}-state`}
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
          <label htmlFor={`${id}-json`} className="field-label">
            Data as JSON
          </label>
          <textarea
            id={`${id}-json`}
            className="textarea w-full font-mono text-xs"
            rows={8}
            spellCheck={false}
            aria-invalid={form.problems.length > 0}
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
          {formatCount(form.problems.length, "problem", "problems")} to fix above.
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
