import { focusPage } from "./focus";

/**
 * Opens a dialog over the page, answers what closes it. The focus goes back to what opened it, or to
 * the page when that is gone. To be closed while it is still on the page: a dialog that is merely
 * taken away takes the focus with it.
 */
export function openDialog(dialog: HTMLDialogElement): () => void {
  const opener = document.activeElement;
  dialog.showModal();
  return () => {
    dialog.close();
    if (opener?.isConnected !== true) focusPage();
  };
}
