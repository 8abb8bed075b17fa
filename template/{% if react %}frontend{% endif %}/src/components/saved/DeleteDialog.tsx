import type { SavedSession } from "../../api/saved";
import { savedTitle } from "../../ui/labels";
import ModalDialog from "../ModalDialog";

interface DeleteDialogProps {
  session: SavedSession;
  onClose: () => void;
  onDelete: () => void;
}

export default function DeleteDialog({ session, onClose, onDelete }: DeleteDialogProps) {
  return (
    <ModalDialog title="Delete this session?" onClose={onClose}>
      <p className="muted mt-2 wrap-break-word">
        “{savedTitle(session)}” and its notes are gone for good.
      </p>
      <div className="modal-action">
        <button type="button" className="btn btn-ghost" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="btn btn-error" onClick={onDelete}>
          Delete
        </button>
      </div>
    </ModalDialog>
  );
}
