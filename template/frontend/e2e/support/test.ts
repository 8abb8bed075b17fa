import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

import type { Result, RunOptions } from "axe-core";
import {
  type BrowserContextOptions,
  expect,
  type Page,
  test as base,
  type TestInfo,
} from "@playwright/test";

import { Person } from "./person";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** Both are set by `poe e2e`, unless it tests a server that runs already. */
const PYTHON = process.env["E2E_PYTHON"];
const LOG = process.env["E2E_LOG"];

export const NO_SERVER = PYTHON === undefined && "E2E_URL tests a server that runs already";

type Child = ChildProcessByStdio<Writable, Readable, null>;

export interface ServerOptions {
  settings?: Readonly<Record<string, string>>;
  /** Sessions are kept in a Valkey, which outlives the server; else the server itself keeps them. */
  valkey?: boolean;
  /** The module that runs the server; default: the application. */
  module?: string;
}

/** A server of one test's own, on a port and with a database that stay the same when it restarts. */
export class OwnServer {
  readonly #child: Child;
  readonly #lines: AsyncIterator<string>;

  private constructor(
    readonly url: string,
    /** The path of its log, which is deleted when the server is closed. */
    readonly log: string,
    child: Child,
    lines: AsyncIterator<string>,
  ) {
    this.#child = child;
    this.#lines = lines;
  }

  static async open(options: ServerOptions): Promise<OwnServer> {
    if (PYTHON === undefined) throw new Error("the test needs a server of its own: unset E2E_URL");
    const child = spawn(PYTHON, ["-m", "duplex_dev.testing.servers", JSON.stringify(options)], {
      cwd: ROOT,
      env: { ...process.env, PYTHONPATH: `${ROOT}/backend` },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const { url, log } = await answer(lines);
    if (url === undefined || log === undefined)
      throw new Error("the server did not say where it is");
    return new OwnServer(url, log, child, lines);
  }

  /** A crash: the server ends without announcing it. */
  kill(): Promise<void> {
    return this.#do("kill");
  }

  /** Shuts down in good order. Resolves when the server has ended. */
  stop(): Promise<void> {
    return this.#do("stop");
  }

  /** Starts again after `kill` or `stop`. Resolves when the server accepts requests. */
  start(): Promise<void> {
    return this.#do("start");
  }

  async close(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.stdin.end();
    await ended;
  }

  async #do(command: string): Promise<void> {
    this.#child.stdin.write(`${command}\n`);
    await answer(this.#lines);
  }
}

async function answer(lines: AsyncIterator<string>): Promise<Readonly<Record<string, string>>> {
  const line = await lines.next();
  if (line.done === true) throw new Error("the server's program ended; its reason is above");
  return JSON.parse(line.value) as Readonly<Record<string, string>>;
}

interface Fixtures {
  /** A separate browser of a user who is not signed in. */
  open: (name: string, email?: string, options?: BrowserContextOptions) => Promise<Person>;
  /** A user with a separate browser, signed in if the project has accounts. No page is open yet. */
  person: (name: string, options?: BrowserContextOptions) => Promise<Person>;
  /** A user with an account and a separate browser, which is not signed in. */
  registered: (name: string) => Promise<Person>;
  /** The same user in another browser, not signed in there. */
  elsewhere: (person: Person, options?: BrowserContextOptions) => Promise<Person>;
  /** Starts a server that the test may kill and start again. */
  serve: (options?: ServerOptions) => Promise<OwnServer>;
}

const failed = ({ status, expectedStatus }: TestInfo): boolean => status !== expectedStatus;

/** A failed test keeps the server's log beside its screenshots; the list of failures has its path. */
async function keepLog(testInfo: TestInfo, name: string, path: string): Promise<void> {
  if (failed(testInfo)) await testInfo.attach(name, { path, contentType: "text/plain" });
}

export const PHONE = { width: 390, height: 844 };

/** Limits belong to addresses, so each person has one: the server reads it from the header of a proxy. */
function ownAddress(): Record<string, string> {
  const part = (): number => 1 + Math.floor(Math.random() * 254);
  return { "X-Forwarded-For": `10.${part()}.${part()}.${part()}` };
}

export const test = base.extend<Fixtures>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads from it which fixtures are needed
  serve: async ({}, use, testInfo) => {
    const servers: OwnServer[] = [];
    await use(async (options = {}) => {
      const server = await OwnServer.open(options);
      servers.push(server);
      return server;
    });
    for (const { log } of servers) await keepLog(testInfo, "Log of the test's own server", log);
    await Promise.all(servers.map((server) => server.close()));
  },
  open: async ({ browser }, use, testInfo) => {
    const people: Person[] = [];
    await use(async (name, email, options) => {
      const context = await browser.newContext({ extraHTTPHeaders: ownAddress(), ...options });
      const person = new Person(name, await context.newPage(), email);
      people.push(person);
      return person;
    });
    if (LOG !== undefined) await keepLog(testInfo, "Log of the server", LOG);
    if (failed(testInfo)) {
      // The list of failures contains the texts of the pages, for logs without screenshots.
      for (const { name, page } of people) {
        const body = await page.evaluate(
          () =>
            document.querySelector<HTMLElement>("main")?.innerText ??
            document.documentElement.textContent,
        );
        await testInfo.attach(`${name}'s page`, { body, contentType: "text/plain" });
      }
    }
    for (const person of people) {
      expect(person.faults, `faults of ${person.name}'s page`).toEqual([]);
      await person.page.context().close();
    }
  },
  person: async ({ open }, use) => {
    await use(async (name, options) => {
      const person = await open(name, undefined, options);
      await person.arrive();
      return person;
    });
  },
  registered: async ({ open }, use) => {
    await use(async (name) => {
      const person = await open(name);
      await person.register();
      await person.page.context().clearCookies();
      return person;
    });
  },
  elsewhere: async ({ open }, use) => {
    await use(({ name, email }, options) => open(name, email, options));
  },
});

/** The minified source of axe, which a page parses in half the time. */
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Rules that depend on colours. The others find the same in each theme. */
const COLOURS = ["color-contrast", "link-in-text-block"];

/** Lets axe look at a page, and once more at its colours in the dark. */
export async function expectNothingFound(page: Page, where: string): Promise<void> {
  expect(await violations(page, {}), where).toEqual([]);
  await switchTheme(page, "dark");
  const dark = await violations(page, { runOnly: COLOURS });
  expect(dark, `${where} in the dark`).toEqual([]);
  await switchTheme(page, "light");
}

/** Changes the system's theme, and waits until the page has followed. */
async function switchTheme(page: Page, theme: "light" | "dark"): Promise<void> {
  await page.emulateMedia({ colorScheme: theme });
  // The contract's page follows by its style sheet alone: it has no such attribute.
  const before = theme === "dark" ? "light" : "dark";
  await expect(page.locator("html")).not.toHaveAttribute("data-theme", before);
  await page.evaluate(async () => {
    let running: Animation[];
    do {
      await new Promise(requestAnimationFrame);
      // A transition of an inherited colour starts others, of the elements that inherit it.
      running = document.getAnimations().filter(({ playState }) => playState === "running");
      await Promise.allSettled(running.map(({ finished }) => finished));
    } while (running.length > 0);
  });
}

async function violations(page: Page, options: RunOptions): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
  const all = JSON.stringify({ ...options, resultTypes: ["violations"] });
  const found = await page.evaluate<Result[]>(
    `axe.run(document, ${all}).then((results) => results.violations)`,
  );
  return found.map(
    ({ id, help, nodes }) => `${id}: ${help}\n${nodes.map(({ html }) => `  ${html}`).join("\n")}`,
  );
}

export { expect } from "@playwright/test";
