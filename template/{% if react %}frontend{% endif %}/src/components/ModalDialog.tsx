import { type ReactNode, useEffectEvent, useId, useLayoutEffect, useRef } from "react";

import { openDialog } from "../duplex";
import ToastStack from "./ToastStack";

interface ModalDialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** A dialog that is open while it is rendered; Escape and a click outside request its closing. */
export default function ModalDialog({ title, onClose, children }: ModalDialogProps) {
  const titleId = useId();
  const dialog = useRef<HTMLDialogElement>(null);

  // Strict mode closes and reopens the dialog before the browser's `close` event.
  const closed = useEffectEvent(() => {
    if (dialog.current?.open === false) onClose();
  });

  // A layout effect is cleaned up while the dialog is still on the page.
  useLayoutEffect(() => {
    const shown = dialog.current;
    if (shown === null) return;
    shown.addEventListener("close", closed);
    const close = openDialog(shown);
    return () => {
      shown.removeEventListener("close", closed);
      close();
    };
  }, []);

  return (
    <dialog
      ref={dialog}
      className="modal modal-bottom sm:modal-middle"
      aria-labelledby={titleId}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <div className="modal-box">
        <h2 id={titleId} className="panel-title wrap-anywhere">
          {title}
        </h2>
        {children}
      </div>
      {/* The page's own toasts are behind the dialog. */}
      <ToastStack />
    </dialog>
  );
}
