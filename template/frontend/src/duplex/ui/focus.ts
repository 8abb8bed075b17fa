/** Moves the keyboard focus to the page's content. */
export function focusPage(): void {
  document.getElementById("main")?.focus({ preventScroll: true });
}

/** If the focused element was removed, moves the focus to `part` or, without it, to the page's content. */
function keepFocusIn(part: HTMLElement | null | undefined): void {
  const { activeElement } = document;
  if (activeElement !== null && activeElement !== document.body) return;
  if (part?.isConnected !== true) {
    focusPage();
    return;
  }
  part.tabIndex = -1;
  part.focus({ preventScroll: true });
}

/** If the focused element was removed, moves the focus to the page's content. */
export const keepFocus = (): void => {
  keepFocusIn(null);
};

/**
 * Call it before `element` or something inside it is removed, and the returned function afterwards: if the
 * focused element was removed, the focus moves to the section or dialog around `element`.
 */
export function focusKeeper(element: Element): () => void {
  const part = element.parentElement?.closest<HTMLElement>("section, dialog");
  return () => {
    keepFocusIn(part);
  };
}

/** Runs an action that may remove the focused entry of a list, and keeps the focus near the list. */
export async function keepingFocus(
  list: Element | null,
  action: () => Promise<unknown>,
): Promise<void> {
  const keep = list && focusKeeper(list);
  await action();
  // Frameworks render in microtasks: this task comes after them.
  await new Promise((resolve) => setTimeout(resolve));
  keep?.();
}

/** Moves the focus to the first visible field inside an element, or to its first button. */
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
