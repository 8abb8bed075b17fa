import type { ReactNode } from "react";

import ModalDialog from "./ModalDialog";

interface ConfirmDialogProps {
  title: string;
  /** The text of the button that confirms. */
  action: string;
  onClose: () => void;
  onConfirm: () => void;
  /** Describes the action. */
  children: ReactNode;
}

/** Asks for confirmation. */
export default function ConfirmDialog({
  title,
  action,
  onClose,
  onConfirm,
  children,
}: ConfirmDialogProps) {
  return (
    <ModalDialog title={title} onClose={onClose}>
      <p className="muted mt-2 wrap-anywhere">{children}</p>
      <div className="modal-action">
        <button type="button" className="btn btn-ghost" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="btn btn-error" onClick={onConfirm}>
          {action}
        </button>
      </div>
    </ModalDialog>
  );
}
