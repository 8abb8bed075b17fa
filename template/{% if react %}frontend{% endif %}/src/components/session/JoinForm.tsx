import { useState } from "react";

import { NAME_LENGTH, NOT_BLANK } from "../../duplex";
import TextField from "../TextField";

interface JoinFormProps {
  session: string;
  onJoin: (name: string) => void;
}

export default function JoinForm({ session, onJoin }: JoinFormProps) {
  const [name, setName] = useState("");

  return (
    <div className="mx-auto max-w-md py-6 sm:py-12">
      <h1 className="page-title wrap-break-word">Join “{session}”</h1>
      <p className="muted mt-3">Enter your name to join this session.</p>
      <form
        className="panel mt-8 flex flex-col gap-6"
        onSubmit={(event) => {
          event.preventDefault();
          onJoin(name);
        }}
      >
        <TextField
          label="Your name"
          value={name}
          onChange={setName}
          autoComplete="nickname"
          required
          pattern={NOT_BLANK}
          maxLength={NAME_LENGTH}
        />
        <button type="submit" className="btn self-start btn-primary">
          Join session
        </button>
      </form>
    </div>
  );
}
