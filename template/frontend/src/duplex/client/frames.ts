import type { ISocketResponse } from "./types";

/** Reads a text as a frame: an object with a `state`, or null for anything else. */
export function unpack(text: string): ISocketResponse | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const isFrame =
    typeof value === "object" &&
    value !== null &&
    "state" in value &&
    typeof value.state === "string";
  return isFrame ? (value as ISocketResponse) : null;
}

type Fields = Readonly<Record<string, unknown>>;

/** The frame as a log may show it: the secrets of the protocol's own frames are blanked. */
export function withoutSecrets(frame: object): Fields {
  const fields = frame as Fields;
  switch (fields["state"]) {
    case undefined:
    case "authenticate":
    case "initialised":
      return blank(fields) as Fields;
    default:
      return fields;
  }
}

/** Blanks `token` and `resume_token` wherever they stand outside the snapshot. */
function blank(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]: [string, unknown]) => {
      if (name === "snapshot") return [name, field];
      const secret = name === "token" || name === "resume_token";
      return [name, secret && typeof field === "string" ? "•••" : blank(field)];
    }),
  );
}
