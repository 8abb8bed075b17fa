/** The keyboard goes on at the page's content. */
export function focusPage(): void {
  document.getElementById("main")?.focus({ preventScroll: true });
}

/** The same, but only where it has no place: what it was on has gone. */
export function keepFocus(): void {
  const { activeElement } = document;
  if (activeElement === null || activeElement === document.body) focusPage();
}

/** Another part of a long list is shown: everything goes on at the page's start. */
export function startOfPage(): void {
  focusPage();
  scrollTo(0, 0);
}
