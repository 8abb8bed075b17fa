// Reads AsyncAPI documents with the official parser: node check_asyncapi.mjs PARSER_FOLDER FILE…
// Prints a line for each finding that is more than a hint; says how many operations it understood.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";

const [folder, ...files] = process.argv.slice(2);
const { Parser } = createRequire(`${folder}/`)("@asyncapi/parser");
const ERROR = 0;
const WARNING = 1;

for (const file of files) {
  const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf8"));
  for (const { severity, code, path, message } of diagnostics) {
    if (severity === ERROR || severity === WARNING) {
      console.log(`${file}: ${code} at ${path.join("/")}: ${message}`);
      process.exitCode = 1;
    }
  }
  console.log(`${file}: ${document?.operations().length ?? 0} operations`);
}
