import { type ComponentProps, useId } from "react";

interface TextFieldProps extends Omit<ComponentProps<"input">, "onChange"> {
  label: string;
  value: string;
  onChange: (value: string) => void;
  hint?: string;
  /** The problem with the input, shown in place of the hint. */
  problem?: string | null;
}

/** A labelled text input. All other properties, such as `maxLength` and `required`, are the input's. */
export default function TextField({
  label,
  onChange,
  hint,
  problem = null,
  ...input
}: TextFieldProps) {
  const field = useId();
  const below = problem ?? hint;
  return (
    <div className="field">
      <label htmlFor={field} className="field-label">
        {label}
      </label>
      <input
        id={field}
        onChange={(event) => {
          onChange(event.target.value);
        }}
        className={problem === null ? "input w-full" : "input w-full input-error"}
        type="text"
        aria-invalid={problem === null ? undefined : true}
        aria-describedby={below === undefined ? undefined : `${field}-hint`}
        {...input}
      />
      {below !== undefined && (
        <p
          id={`${field}-hint`}
          className={problem === null ? "field-hint" : "field-error"}
          role={problem === null ? undefined : "alert"}
        >
          {below}
        </p>
      )}
    </div>
  );
}
