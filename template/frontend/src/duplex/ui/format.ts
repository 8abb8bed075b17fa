/** Numbers and times as people read them, in the browser's language and time zone. */

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const number = new Intl.NumberFormat();
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** The time of day of an ISO 8601 time, to the minute. */
export const formatTime = (iso: string): string => clock.format(new Date(iso));

/** Day and time of an ISO 8601 time. */
export const formatDate = (iso: string): string => calendar.format(new Date(iso));

/** A size in bytes. */
export function formatBytes(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KiB`;
}

/** A duration in ms. */
export const formatLatency = (ms: number): string => `${Math.max(1, Math.round(ms))} ms`;

/** "1 person", "2 people", "9,950 people". */
export function formatCount(count: number, one: string, many: string): string {
  return `${number.format(count)} ${count === 1 ? one : many}`;
}

/**
 * A user's text inside a sentence that has no markup, such as a toast: a name in Arabic or Hebrew does
 * not reorder the words around it. In markup, `<bdi>` does the same.
 */
export const isolated = (text: string): string =>
  `\u2068${text.replace(/[\u202a-\u202e\u2066-\u2069]/gu, "")}\u2069`;

/** One or two letters that represent a name in a small circle. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u);
  const first = Array.from(words[0] ?? "")[0] ?? "?";
  const last = words.length > 1 ? (Array.from(words.at(-1) ?? "")[0] ?? "") : "";
  return (first + last).toUpperCase();
}
