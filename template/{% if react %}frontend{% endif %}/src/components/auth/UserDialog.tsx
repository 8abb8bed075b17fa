import type { Asked } from "../../pages/auth/users";
import ModalDialog from "../ModalDialog";

interface UserDialogProps {
  asked: Asked;
  onClose: () => void;
  onAct: () => void;
}

/** The question before an action that signs somebody out. */
export default function UserDialog({ asked, onClose, onAct }: UserDialogProps) {
  const { label, question } = asked.action;
  return (
    <ModalDialog title={question?.title ?? ""} onClose={onClose}>
      <p className="muted mt-2 wrap-anywhere">{question?.text}</p>
      <div className="modal-action">
        <button type="button" className="btn btn-ghost" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="btn btn-error" onClick={onAct}>
          {label}
        </button>
      </div>
    </ModalDialog>
  );
}
