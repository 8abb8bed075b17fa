import { useId } from "react";

import type { Problem } from "../../inspector/asyncapi";
import { type Draft, draftOf, type Field, join, problemsAt } from "../../inspector/form";

interface FieldInputProps {
  field: Field;
  draft: Draft;
  problems: readonly Problem[];
  path: string;
  label: string;
  onChange: (draft: Draft) => void;
}

/** One field of a request; objects and lists hold others. */
export default function FieldInput(props: FieldInputProps) {
  const { draft, field, label, onChange } = props;
  const id = useId();
  const wrong = problemsAt(props.problems, props.path);
  const group = field.kind === "object" || field.kind === "list";

  return (
    <div
      className="field min-w-0"
      role={group ? "group" : undefined}
      aria-labelledby={group ? `${id}-label` : undefined}
    >
      <div className="flex flex-wrap items-center justify-between gap-2">
        {group ? (
          <span id={`${id}-label`} className="field-label">
            {label}
          </span>
        ) : (
          <label htmlFor={id} className="field-label">
            {label}
          </label>
        )}
        {(field.optional || field.nullable) && (
          <select
            className="select w-auto select-xs"
            aria-label={`${label}: value or none`}
            value={draft.mode}
            onChange={(event) => {
              onChange({ ...draft, mode: event.target.value as Draft["mode"] });
            }}
          >
            <option value="value">value</option>
            {field.nullable && <option value="null">null</option>}
            {field.optional && <option value="out">omitted</option>}
          </select>
        )}
      </div>
      {draft.mode === "value" && <FieldValue {...props} id={id} wrong={wrong.length > 0} />}
      <div id={`${id}-more`}>
        {field.description !== null && <p className="field-hint">{field.description}</p>}
        {wrong.length > 0 && (
          <p role="alert" className="field-error">
            {wrong.join(" ")}
          </p>
        )}
      </div>
    </div>
  );
}

function FieldValue(props: FieldInputProps & { id: string; wrong: boolean }) {
  const { draft, field, id, onChange } = props;
  const common = {
    id,
    value: draft.text,
    "aria-describedby": `${id}-more`,
    "aria-invalid": props.wrong,
    onChange: (event: { target: { value: string } }) => {
      onChange({ ...draft, text: event.target.value });
    },
  };
  switch (field.kind) {
    case "object":
      return <ObjectFields {...props} fields={field.fields} />;
    case "list":
      return <ListItems {...props} item={field.item} />;
    case "choice":
      return (
        <select {...common} className="select w-full">
          {field.options.map((option, index) => (
            <option key={JSON.stringify(option)} value={index}>
              {typeof option === "string" ? option : JSON.stringify(option)}
            </option>
          ))}
        </select>
      );
    case "boolean":
      return (
        <select {...common} className="select w-full">
          <option value="false">false</option>
          <option value="true">true</option>
        </select>
      );
    case "json":
      return (
        <textarea
          {...common}
          className="textarea w-full font-mono text-xs"
          rows={4}
          spellCheck={false}
        />
      );
    case "text":
    case "number":
    case "integer":
      return (
        <input
          {...common}
          className="input w-full"
          type="text"
          inputMode={field.kind === "text" ? "text" : "decimal"}
          autoComplete="off"
        />
      );
  }
}

function ObjectFields({
  draft,
  fields,
  onChange,
  path,
  problems,
}: FieldInputProps & { fields: readonly Field[] }) {
  return (
    <div className="inspector-group">
      {fields.length === 0 && <p className="muted">It takes no fields.</p>}
      {fields.map((inner) => {
        const its = draft.fields[inner.name];
        return (
          its && (
            <FieldInput
              key={inner.name}
              field={inner}
              draft={its}
              problems={problems}
              path={join(path, inner.name)}
              label={inner.name}
              onChange={(next) => {
                onChange({ ...draft, fields: { ...draft.fields, [inner.name]: next } });
              }}
            />
          )
        );
      })}
    </div>
  );
}

function ListItems({
  draft,
  item: field,
  label,
  onChange,
  path,
  problems,
}: FieldInputProps & { item: Field }) {
  const { items } = draft;
  return (
    <div className="inspector-group">
      {items.map((item, index) => (
        <div key={index} className="flex flex-col gap-2">
          <FieldInput
            field={field}
            draft={item}
            problems={problems}
            path={join(path, index)}
            label={`${label} ${index + 1}`}
            onChange={(next) => {
              onChange({ ...draft, items: items.map((one, at) => (at === index ? next : one)) });
            }}
          />
          <button
            type="button"
            className="btn btn-quiet self-start btn-xs"
            onClick={() => {
              onChange({ ...draft, items: items.filter((_, at) => at !== index) });
            }}
          >
            Remove {label} {index + 1}
          </button>
        </div>
      ))}
      <button
        type="button"
        className="btn btn-quiet self-start btn-xs"
        onClick={() => {
          onChange({ ...draft, items: [...items, draftOf(field)] });
        }}
      >
        Add to {label}
      </button>
    </div>
  );
}
