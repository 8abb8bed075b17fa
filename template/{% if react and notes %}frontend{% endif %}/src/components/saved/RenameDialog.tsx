import { useState } from "react";

import { type SavedSession, TITLE_LENGTH } from "../../api/saved";
import ModalDialog from "../ModalDialog";
import TextField from "../TextField";

interface RenameDialogProps {
  session: SavedSession;
  onClose: () => void;
  onRename: (title: string) => void;
}

export default function RenameDialog({ session, onClose, onRename }: RenameDialogProps) {
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
        <TextField
          label="Title"
          value={title}
          onChange={setTitle}
          autoComplete="off"
          required
          maxLength={TITLE_LENGTH}
        />
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
