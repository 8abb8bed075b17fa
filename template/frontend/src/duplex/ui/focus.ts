/** Moves the keyboard focus to the page's content. */
export function focusPage(): void {
  document.getElementById("main")?.focus({ preventScroll: true });
}

/** Moves the focus to the page's content if the focused element no longer exists. */
export function keepFocus(): void {
  const { activeElement } = document;
  if (activeElement === null || activeElement === document.body) focusPage();
}

/**
 * The function to call after `element` was removed: if the focus was in it, the keyboard goes on in the
 * section or dialog that it was in, else at the page's content.
 */
export function focusKeeper(element: Element): () => void {
  const part = element.parentElement?.closest<HTMLElement>("section, dialog");
  return () => {
    const { activeElement } = document;
    if (activeElement !== null && activeElement !== document.body) return;
    if (part?.isConnected !== true) {
      focusPage();
      return;
    }
    part.tabIndex = -1;
    part.focus({ preventScroll: true });
  };
}

/** Moves the focus to the first field inside an element, or to its first button. */
export function focusField(root: Element | null | undefined): void {
  const fields = root?.querySelectorAll<HTMLElement>("input:not(.hidden), textarea, select");
  (fields?.[0] ?? root?.querySelector<HTMLElement>("button"))?.focus();
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
