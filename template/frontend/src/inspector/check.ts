import { type OutputUnit, Validator } from "@cfworker/json-schema";

import type { Schema } from "./document";
import type { Problem } from "./form";

/** These only say that something inside them does not fit; what does not is listed as well. */
const OUTER: readonly string[] = ["properties", "items", "$ref", "allOf", "additionalProperties"];

/** What of `data` does not fit the schema; `root` is the document that its references name. */
export function check(data: unknown, schema: Schema, root: Schema): Problem[] {
  // A document as a whole is no schema: only its named types are taken along.
  const whole = { ...schema, components: root["components"] };
  let errors: OutputUnit[];
  try {
    // Every problem, not only the first.
    ({ errors } = new Validator(whole, "7", false).validate(data));
  } catch {
    // A pattern that only Python understands. The server checks all of it anyway.
    return [];
  }
  const inner = errors.filter(({ keyword }) => !OUTER.includes(keyword));
  const told = inner.length > 0 ? inner : errors;
  return told.map(({ instanceLocation, error }) => ({
    path: pathOf(instanceLocation),
    text: error,
  }));
}

/** "#/address/0" as "address.0". */
function pathOf(pointer: string): string {
  return pointer
    .replace(/^#\/?/u, "")
    .split("/")
    .map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(".");
}
