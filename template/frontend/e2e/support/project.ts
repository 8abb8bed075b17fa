import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath, URL } from "node:url";

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const html = readFileSync(file("index.html"), "utf8");

/** The application's name, as the page's title has it before any script runs. */
export const NAME = unescaped(/<title>(.*)<\/title>/u.exec(html)?.[1] ?? "");

/** Whether this project has accounts. */
export const SIGN_IN = existsSync(file("src/api/auth.ts"));

const hasMethod = (folder: string): boolean => existsSync(file(`src/components/auth/${folder}`));

/** The ways of signing in that this project has. */
export const METHODS = {
  password: hasMethod("password"),
  magicLink: hasMethod("magicLink"),
  totp: hasMethod("totp"),
  passkey: hasMethod("passkey"),
};

/** A lost passkey is replaced by mail, which leads to the account and not to the requested page. */
export const ONLY_PASSKEYS = SIGN_IN && !METHODS.password && !METHODS.magicLink;

function unescaped(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&#34;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}
