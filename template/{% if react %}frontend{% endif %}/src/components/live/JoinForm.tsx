import { useId, useState } from "react";

import { NAME_LENGTH, NOT_BLANK } from "../../ui/profile";

interface JoinFormProps {
  session: string;
  onJoin: (name: string) => void;
}

export default function JoinForm({ session, onJoin }: JoinFormProps) {
  const field = useId();
  const [name, setName] = useState("");

  return (
    <div className="mx-auto max-w-md py-6 sm:py-12">
      <h1 className="page-title wrap-break-word">Join “{session}”</h1>
      <p className="muted mt-3">Say who you are, and you are in.</p>
      <form
        className="panel mt-8 flex flex-col gap-6"
        onSubmit={(event) => {
          event.preventDefault();
          onJoin(name);
        }}
      >
        <div className="field">
          <label htmlFor={field} className="field-label">
            Your name
          </label>
          <input
            id={field}
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
          />
        </div>
        <button type="submit" className="btn self-start btn-primary">
          Join session
        </button>
      </form>
    </div>
  );
}
