import { useState } from "react";

import { auth, type Profile } from "../../api/auth";
import { attempt } from "../../duplex";
import TextField from "../TextField";

export default function ProfileForm({ user }: { user: Profile }) {
  const [name, setName] = useState(user.name);
  const [email, setEmail] = useState(user.email);

  return (
    <section className="panel mt-8" aria-labelledby="profile">
      <h2 id="profile" className="panel-title">
        Profile
      </h2>
      <form
        className="mt-5 flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(() => auth.updateProfile({ name, email }), "Profile saved.");
        }}
      >
        <TextField label="Name" value={name} onChange={setName} autoComplete="name" required />
        <TextField
          label="E-mail"
          value={email}
          onChange={setEmail}
          type="email"
          autoComplete="email"
          required
        />
        <button type="submit" className="btn self-start btn-primary">
          Save profile
        </button>
      </form>
    </section>
  );
}
