import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** Set by `poe e2e`, unless it tests a server that runs already. */
const PYTHON = process.env["E2E_PYTHON"];

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
  readonly url: string;
  readonly #child: Child;
  readonly #lines: AsyncIterator<string>;

  private constructor(url: string, child: Child, lines: AsyncIterator<string>) {
    this.url = url;
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
    const { url } = await answer(lines);
    if (url === undefined) throw new Error("the server did not say where it is");
    return new OwnServer(url, child, lines);
  }

  /** A crash: the server finishes and announces nothing. */
  kill(): Promise<void> {
    return this.#do("kill");
  }

  /** In good order: it sends everybody away first. Answers when it has ended. */
  stop(): Promise<void> {
    return this.#do("stop");
  }

  /** Again, after `kill` or `stop`; answers when it takes requests. */
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
