import { useState } from "react";

import { NAME_LENGTH } from "../../../duplex";
import { userList } from "../../../stores/users";
import ModalDialog from "../../ModalDialog";
import TextField from "../../TextField";
import AuthForm from "../AuthForm";

/** Asks for a new account. */
export default function UserForm({ onClose }: { onClose: () => void }) {
  const [user, setUser] = useState({ name: "", email: "", is_admin: false, invite: true });

  const set = (change: Partial<typeof user>): void => {
    setUser((before) => ({ ...before, ...change }));
  };

  async function create(): Promise<void> {
    if (await userList.create(user)) onClose();
  }

  return (
    <ModalDialog title="Add a user" onClose={onClose}>
      <div className="mt-5">
        <AuthForm action="Add user" send={create}>
          <TextField
            label="Name"
            value={user.name}
            onChange={(name) => {
              set({ name });
            }}
            autoComplete="off"
            maxLength={NAME_LENGTH}
            required
          />
          <TextField
            label="E-mail"
            value={user.email}
            onChange={(email) => {
              set({ email });
            }}
            type="email"
            autoComplete="off"
            required
          />
          <label className="flex items-center gap-3">
            <input
              type="checkbox"
              className="checkbox rounded-sm checkbox-primary"
              checked={user.invite}
              onChange={({ target }) => {
                set({ invite: target.checked });
              }}
            />
            Send an invitation by e-mail
          </label>
          <label className="flex items-center gap-3">
            <input
              type="checkbox"
              className="checkbox rounded-sm checkbox-primary"
              checked={user.is_admin}
              onChange={({ target }) => {
                set({ is_admin: target.checked });
              }}
            />
            Make this user an admin
          </label>
        </AuthForm>
      </div>
      <button type="button" className="btn btn-block mt-3 btn-ghost" onClick={onClose}>
        Cancel
      </button>
    </ModalDialog>
  );
}
