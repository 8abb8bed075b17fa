/** Requests of the application's states, and the frames that a page receives. */
import { expect, type Locator, type Page } from "@playwright/test";

import { type StateOptions, STATES } from "../../../src/api/generated/contract";
import type { Person } from "../../support/person";

interface Frame {
  /** Missing in the first frame that a page sends. */
  state?: string;
  data?: unknown;
  /** In the first frame of a page that takes its place again. */
  resume?: { seq: number };
  id?: string;
  seq?: number;
  more?: boolean;
  from?: string;
}

const OPTIONS: Readonly<Record<string, StateOptions>> = STATES;

/** States that everybody may send and that leave the session open. Some applications have none. */
export const OPEN_STATES: readonly string[] = Object.keys(OPTIONS).filter(
  (name) => OPTIONS[name]?.closes === false && !OPTIONS[name].admin,
);

export const drawer = (page: Page): Locator => page.getByRole("region", { name: "Inspector" });

/** A user who sends example requests with the inspector, and records every frame. */
export class Talker {
  readonly received: Frame[] = [];
  readonly sent: Frame[] = [];

  constructor(readonly person: Person) {
    person.page.on("websocket", (socket) => {
      socket.on("framereceived", ({ payload }) => this.received.push(frameOf(payload)));
      socket.on("framesent", ({ payload }) => this.sent.push(frameOf(payload)));
    });
  }

  /** Switches the inspector on, on this device. Call it before the session begins. */
  async prepare(): Promise<void> {
    await this.person.page.goto("/settings?inspect");
  }

  /** Opens the inspector's form in the open session. */
  async openForm(): Promise<void> {
    const { page } = this.person;
    await page.getByRole("button", { name: "Inspector", exact: true }).click();
    await drawer(page).getByRole("button", { name: "Send", exact: true }).click();
  }

  /**
   * Sends the contract's example of each of these states. `answered`: waits for each answer, which
   * needs a connection; else only the first one is sent.
   */
  async send(states = OPEN_STATES, { answered = true } = {}): Promise<void> {
    const form = drawer(this.person.page);
    const button = form.getByRole("button", { name: "Send request" });
    for (const state of answered ? states : states.slice(0, 1)) {
      await form.getByLabel("State to send").selectOption(state);
      await button.click();
      if (answered) await expect(button).toBeEnabled();
    }
  }

  /** Sends one example, and does not wait for its answer. */
  async sendLater(): Promise<void> {
    await this.send(OPEN_STATES, { answered: false });
  }

  /**
   * The messages that everybody receives, in the order of arrival. The reply to a request that was
   * sent again may arrive twice: in the replay, and as the reply.
   */
  messages(): string[] {
    let epoch: unknown;
    const messages = this.received.flatMap(({ state = "", data, seq }) => {
      if (state === "initialised") ({ epoch } = data as { epoch: unknown });
      const counts = seq !== undefined && OPTIONS[state]?.to === "everybody";
      return counts ? JSON.stringify({ epoch, seq, state, data }) : [];
    });
    return [...new Set(messages)];
  }

  /** The different last answers that each request of this page got. */
  answers(): unknown[][] {
    const ids = new Set(this.sent.flatMap(({ id, state = "" }) => (state in OPTIONS ? id : [])));
    return [...ids].map((id) => {
      const last = this.received.filter((frame) => frame.id === id && frame.more !== true);
      return [...new Set(last.map(({ seq, state }) => `${state ?? ""} ${seq ?? ""}`))];
    });
  }
}

function frameOf(payload: string | Buffer): Frame {
  return JSON.parse(String(payload)) as Frame;
}

/** Everybody has received the same messages, each once and in one order; every request is answered. */
export async function nothingLost(...talkers: readonly Talker[]): Promise<void> {
  const expected = (): string[] => longest(talkers.map((one) => one.messages()));
  for (const one of talkers) {
    await expect.poll(() => one.messages()).toEqual(expected());
    await expect.poll(() => one.answers().filter(({ length }) => length !== 1)).toEqual([]);
  }
}

function longest(lists: string[][]): string[] {
  return lists.reduce((best, list) => (list.length > best.length ? list : best), []);
}
