import type { Composition } from "./composer";
import { type Draft, type Field, join, type Problem } from "./form";

/** The problems of the field at `path` itself, as sentences. */
export function problemsAt(problems: readonly Problem[], path: string): string[] {
  return problems.filter((problem) => problem.path === path).map(({ text }) => text);
}

/** The problems that are not shown at a field or in the error, each with its path. */
export function elsewhere({ field, draft, asJson, problems, error }: Composition): string[] {
  const paths = new Set(field && draft && !asJson ? pathsOf(field, draft, "") : []);
  return problems
    .filter(({ path, text }) => !paths.has(path) && error?.includes(text) !== true)
    .map(({ path, text }) => (path === "" ? text : `${path}: ${text}`));
}

function pathsOf(field: Field, draft: Draft, path: string): string[] {
  if (draft.mode !== "value") return [path];
  if (field.kind === "list") {
    const inner = draft.items.flatMap((item, index) =>
      pathsOf(field.item, item, join(path, index)),
    );
    return [path, ...inner];
  }
  if (field.kind !== "object") return [path];
  const inner = field.fields.flatMap((one) => {
    const its = draft.fields[one.name];
    return its === undefined ? [] : pathsOf(one, its, join(path, one.name));
  });
  return [path, ...inner];
}
