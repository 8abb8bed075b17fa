import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { SessionError, type SocketClient } from "@duplex/client/types";
import { FakeSocket, installFakeSocket } from "@duplex/testing";
import { setOnline, showPage } from "@duplex/testing";
import { data, socketRequest, STATE } from "../support/contract";
import { Line, ScriptedServer } from "../support/scriptedServer";

/** Each one is another conversation; a failure names its own, and it can be played again alone. */
const SEEDS = Array.from({ length: 60 }, (_, n) => n + 1);
const STEPS = 120;

beforeEach(() => {
  vi.useFakeTimers();
  installFakeSocket();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One conversation between the client and a server, over a network that does whatever it likes. */
class Conversation {
  /** How each request ended: "answered", "streamed N", "left", or the code of its error. */
  readonly outcomes = new Map<string, string>();
  /** Messages that did not come right after the one before them. */
  readonly misplaced: number[] = [];
  readonly server: ScriptedServer;
  readonly client: SocketClient;
  readonly #random: () => number;
  readonly #lines = new Map<FakeSocket, Line>();
  #asked = 0;
  /** The number of the last message that the page got. */
  #seq = 0;

  constructor(seed: number) {
    this.#random = seeded(seed);
    vi.spyOn(Math, "random").mockImplementation(this.#random);
    this.server = new ScriptedServer(this.#chance(0.5) ? 1000 : 6, this.#random);
    this.client = socketRequest({ session: "notes" });
    this.client.onUpdate.addListener((frame) => {
      if (frame.state === "initialised") {
        if (!frame.data.recovered) this.#seq = frame.data.seq;
      } else if (frame.seq !== undefined) {
        if (frame.seq !== this.#seq + 1) this.misplaced.push(frame.seq);
        this.#seq = frame.seq;
      }
    });
    this.client.open().catch(() => undefined);
  }

  async play(): Promise<void> {
    for (let step = 0; step < STEPS; step += 1) {
      this.#carry();
      if (this.#chance(0.4)) this.#ask();
      if (this.#chance(0.1)) this.#listen();
      if (this.#chance(0.3)) this.server.gossip();
      if (this.#chance(0.5)) this.server.streamOn();
      await this.#trouble();
      await vi.advanceTimersByTimeAsync(this.#random() * 400);
    }
    for (let n = 0; n < 3000 && (this.#unsettled > 0 || this.client.status !== "open"); n += 1) {
      this.#carry();
      this.server.streamOn();
      await vi.advanceTimersByTimeAsync(50);
    }
  }

  get #unsettled(): number {
    return this.#asked - this.outcomes.size;
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #ask(): void {
    const text = `r${(this.#asked += 1)}`;
    const controller = new AbortController();
    if (this.#chance(0.1)) {
      setTimeout(() => {
        controller.abort();
      }, this.#random() * 4000);
    }
    this.client.request(STATE, data(text), { deadline: Infinity, signal: controller.signal }).then(
      (reply) => {
        expect(reply).toEqual({ text });
        this.outcomes.set(text, "answered");
      },
      (error: unknown) => {
        this.#failed(text, error);
      },
    );
  }

  #listen(): void {
    const text = `s${(this.#asked += 1)}`;
    const read = async (): Promise<string> => {
      let count = 0;
      for await (const reply of this.client.stream(STATE, data(text))) {
        count += 1;
        expect(reply).toEqual({ text: String(count) });
        if (this.#chance(0.02)) return "left";
      }
      return `streamed ${count}`;
    };
    read().then(
      (outcome) => this.outcomes.set(text, outcome),
      (error: unknown) => {
        this.#failed(text, error);
      },
    );
  }

  #failed(text: string, error: unknown): void {
    this.outcomes.set(text, error instanceof SessionError ? error.code : String(error));
  }

  // -- the network ---------------------------------------------------------------------------------

  /** Some of what is on its way arrives. */
  #carry(): void {
    for (const socket of FakeSocket.all) {
      const line = this.#lines.get(socket) ?? new Line(socket);
      this.#lines.set(socket, line);
      if (line.dead) continue;
      if (socket.readyState === FakeSocket.CONNECTING) {
        if (this.#chance(0.15)) this.#cut(line, 1006);
        else if (this.#chance(0.7)) socket.accept();
      }
      this.#deliver(line, Math.floor(this.#random() * 8));
      if (socket.readyState !== FakeSocket.OPEN) continue;
      for (const frame of line.toPage.splice(0, Math.floor(this.#random() * 8))) {
        socket.receive(frame);
      }
      socket.bufferedAmount = this.#chance(0.3) ? 1_000_000 : 0;
    }
  }

  #deliver(line: Line, count: number): void {
    for (let n = 0; n < count; n += 1) {
      const frame = line.take();
      if (frame === undefined) return;
      this.server.receive(line, frame);
    }
  }

  #cut(line: Line, code: number): void {
    if (line.dead) return;
    this.#deliver(line, Math.floor(this.#random() * 4));
    line.dead = true;
    if (line.socket.readyState < FakeSocket.CLOSING) line.socket.breaks(code);
  }

  #cutAll(code = 1006): void {
    for (const line of this.#lines.values()) this.#cut(line, code);
  }

  async #trouble(): Promise<void> {
    const dice = this.#random();
    if (dice < 0.04) this.#cutAll();
    else if (dice < 0.05) this.#cutAll(4503);
    else if (dice < 0.065) {
      this.#cutAll();
      this.server.crash();
    } else if (dice < 0.07) {
      // Half-open: neither side hears of it.
      for (const line of this.#lines.values()) line.dead = true;
    } else if (dice < 0.08) {
      this.client.suspend();
      await vi.advanceTimersByTimeAsync(this.#random() * 5000);
      this.client.wake();
    } else if (dice < 0.1) {
      setOnline(false);
      await vi.advanceTimersByTimeAsync(this.#random() * 8000);
      setOnline(true);
    } else if (dice < 0.11) showPage();
  }
}

it.each(SEEDS)("everything is answered once and in order, whatever happens (%i)", async (seed) => {
  const conversation = new Conversation(seed);
  const { client, server, outcomes } = conversation;
  await conversation.play();

  expect(client.status).toBe("open");
  expect(client.pending).toBe(0);
  expect(conversation.misplaced).toEqual([]);
  const numbers = server.handled.map((text) => Number(text.slice(1)));
  expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
  for (const [text, outcome] of outcomes) {
    if (outcome === "answered") expect(server.handled).toContain(text);
    else if (outcome.startsWith("streamed")) {
      expect(outcome).toBe(`streamed ${server.streamed.get(text)}`);
    } else {
      expect(outcome).toMatch(/^(left|cancelled|refused|interrupted|outcome_unknown|queue_full)$/u);
    }
  }
  client.close();
});
