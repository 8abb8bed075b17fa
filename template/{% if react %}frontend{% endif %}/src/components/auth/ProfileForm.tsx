import { useState } from "react";

import { auth, type Profile } from "../../api/auth";
import { toasts } from "../../duplex";
import TextField from "../TextField";
import AuthForm from "./AuthForm";

export default function ProfileForm({ user }: { user: Profile }) {
  const [name, setName] = useState(user.name);

  async function save(): Promise<void> {
    await auth.updateProfile({ name });
    toasts.show("success", "Profile saved.");
  }

  return (
    <section className="panel mt-8" aria-labelledby="profile">
      <h2 id="profile" className="panel-title mb-5">
        Profile
      </h2>
      <AuthForm action="Save profile" send={save} quiet>
        <TextField label="Name" value={name} onChange={setName} autoComplete="name" required />
      </AuthForm>
    </section>
  );
}
