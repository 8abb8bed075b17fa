/** Any escape in a JSON text. The group: half of a surrogate pair that stands alone. */
const ESCAPE = /\\(?:u(d[89a-f][\da-f]{2})|.)/gu;

/**
 * A value as the JSON that is sent. Half of a surrogate pair, as it remains of a character that was
 * cut in two, is no text that a server can read: U+FFFD takes its place, in keys too.
 */
export function pack(value: unknown): string {
  const text = JSON.stringify(value);
  // JSON.stringify writes only halves as escapes with "\ud".
  if (!text.includes("\\ud")) return text;
  return text.replace(ESCAPE, (escape, half?: string) => (half === undefined ? escape : "\ufffd"));
}
