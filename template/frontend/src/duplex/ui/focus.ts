/** Moves the keyboard focus to the page's content. */
export function focusPage(): void {
  document.getElementById("main")?.focus({ preventScroll: true });
}

/** Moves the focus to the page's content if the focused element no longer exists. */
export function keepFocus(): void {
  const { activeElement } = document;
  if (activeElement === null || activeElement === document.body) focusPage();
}

/** Moves focus and scroll position to the start of the page, as after turning to another part of a list. */
export function startOfPage(): void {
  focusPage();
  scrollTo(0, 0);
}

/**
 * Opens a modal dialog; returns the function that closes it. The focus returns to the element that
 * opened the dialog, or to the page's content if that element no longer exists. Close it before it is removed
 * from the page: a removed dialog would take the focus with it.
 */
export function openDialog(dialog: HTMLDialogElement): () => void {
  const opener = document.activeElement;
  dialog.showModal();
  return () => {
    dialog.close();
    if (opener?.isConnected !== true) focusPage();
  };
}
