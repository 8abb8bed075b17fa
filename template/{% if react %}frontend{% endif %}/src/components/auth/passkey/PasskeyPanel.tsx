import { useEffect, useRef, useState } from "react";

import { focusField, formatDate, keepingFocus, NAME_LENGTH, useReadable } from "../../../duplex";
import TextField from "../../TextField";
import AuthForm from "../AuthForm";
import { type Passkey, passkey, passkeys } from "./passkey";

export default function PasskeyPanel() {
  const list = useReadable(passkeys);
  const [name, setName] = useState("");
  const [renaming, setRenaming] = useState<string | null>(null);

  useEffect(() => {
    void passkeys.load();
  }, []);

  const entries = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (renaming !== null) focusField(entries.current);
  }, [renaming]);

  async function remove(id: string): Promise<void> {
    await keepingFocus(entries.current, () =>
      passkeys.change(() => passkey.remove(id), "Passkey removed."),
    );
  }

  async function add(): Promise<void> {
    if (await passkeys.change(() => passkey.add(name), "Passkey added.")) setName("");
  }

  return (
    <section className="panel mt-5" aria-labelledby="passkeys">
      <h2 id="passkeys" className="panel-title">
        Passkeys
      </h2>
      <p className="muted mt-2 text-pretty">
        You sign in with your fingerprint, your face or the lock of your device.
      </p>
      {list.problem !== null && (
        <p role="alert" className="field-error mt-3">
          {list.problem}
        </p>
      )}
      <ul ref={entries} className="my-4 divide-y divide-base-300" aria-label="Passkeys">
        {list.items?.map((key) => (
          <li
            key={key.id}
            className="flex flex-wrap items-center gap-3 py-3"
            onKeyDown={(event) => {
              if (event.key === "Escape") setRenaming(null);
            }}
          >
            {renaming === key.id ? (
              <RenameForm
                item={key}
                onDone={() => {
                  setRenaming(null);
                }}
              />
            ) : (
              <PasskeyRow
                item={key}
                onRename={() => {
                  setRenaming(key.id);
                }}
                onRemove={() => {
                  void remove(key.id);
                }}
              />
            )}
          </li>
        ))}
      </ul>
      <AuthForm action="Add a passkey" send={add} quiet>
        <TextField
          label="Name of the passkey"
          value={name}
          onChange={setName}
          maxLength={NAME_LENGTH}
          required
        />
      </AuthForm>
    </section>
  );
}

function RenameForm({ item, onDone }: { item: Passkey; onDone: () => void }) {
  const [name, setName] = useState(item.name);
  return (
    <AuthForm
      action="Save name"
      quiet
      send={async () => {
        const request = () => passkey.rename(item.id, name);
        if (await passkeys.change(request, "Passkey renamed.")) onDone();
      }}
    >
      <TextField
        label="New name"
        value={name}
        onChange={setName}
        maxLength={NAME_LENGTH}
        required
      />
    </AuthForm>
  );
}

interface PasskeyRowProps {
  item: Passkey;
  onRename: () => void;
  onRemove: () => void;
}

function PasskeyRow({ item, onRename, onRemove }: PasskeyRowProps) {
  return (
    <>
      <div className="min-w-0 flex-1 basis-48">
        <p className="font-medium wrap-anywhere">
          <bdi>{item.name}</bdi>
        </p>
        <p className="muted text-sm">Added {formatDate(item.created_at)}</p>
      </div>
      <div className="flex gap-2">
        <button
          type="button"
          className="btn btn-quiet btn-sm"
          aria-label={`Rename: ${item.name}`}
          onClick={onRename}
        >
          Rename
        </button>
        <button
          type="button"
          className="btn btn-quiet btn-sm"
          aria-label={`Remove: ${item.name}`}
          onClick={onRemove}
        >
          Remove
        </button>
      </div>
    </>
  );
}
