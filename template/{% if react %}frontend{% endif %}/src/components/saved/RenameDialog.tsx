import { useId, useState } from "react";

import type { SavedSession } from "../../api/saved";
import { TITLE_LENGTH } from "../../ui/labels";
import ModalDialog from "../ModalDialog";

interface RenameDialogProps {
  session: SavedSession;
  onClose: () => void;
  onRename: (title: string) => void;
}

export default function RenameDialog({ session, onClose, onRename }: RenameDialogProps) {
  const field = useId();
  const [title, setTitle] = useState(session.title);

  return (
    <ModalDialog title="Rename session" onClose={onClose}>
      <form
        className="mt-5"
        onSubmit={(event) => {
          event.preventDefault();
          onRename(title.trim());
        }}
      >
        <div className="field">
          <label htmlFor={field} className="field-label">
            Title
          </label>
          <input
            id={field}
            value={title}
            onChange={(event) => {
              setTitle(event.target.value);
            }}
            className="input w-full"
            type="text"
            autoComplete="off"
            required
            maxLength={TITLE_LENGTH}
          />
        </div>
        <div className="modal-action">
          <button type="button" className="btn btn-ghost" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="btn btn-primary">
            Rename
          </button>
        </div>
      </form>
    </ModalDialog>
  );
}
