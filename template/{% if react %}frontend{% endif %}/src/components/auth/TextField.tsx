import { useId } from "react";

interface TextFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  autoComplete: string;
  type?: "text" | "email" | "password";
  hint?: string;
  minLength?: number;
}

export default function TextField({
  label,
  value,
  onChange,
  autoComplete,
  type = "text",
  hint,
  minLength,
}: TextFieldProps) {
  const field = useId();
  return (
    <div className="field">
      <label htmlFor={field} className="field-label">
        {label}
      </label>
      <input
        id={field}
        value={value}
        onChange={(event) => {
          onChange(event.target.value);
        }}
        className="input w-full"
        required
        type={type}
        autoComplete={autoComplete}
        minLength={minLength}
        aria-describedby={hint === undefined ? undefined : `${field}-hint`}
      />
      {hint !== undefined && (
        <p id={`${field}-hint`} className="field-hint">
          {hint}
        </p>
      )}
    </div>
  );
}
