import { flushPromises, mount, type VueWrapper } from "@vue/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import SessionContent from "../src/components/session/SessionContent.vue";
import { closesSession, formStates, liveSession, stateLabel } from "../src/duplex";
import { type FakeSocket, installFakeSocket, nextSocket, welcome } from "../src/duplex/testing";
import type { Entry } from "../src/notes";

const [state] = formStates();
const entry: Entry = { state: state ?? "", text: "Hello", by: "Ben", at: "2026-01-05T09:00:00Z" };

let page: VueWrapper;
let socket: FakeSocket;

beforeEach(async () => {
  vi.useFakeTimers();
  installFakeSocket();
  liveSession.initialiseSocket({ session: "notes", name: "Ada" }).catch(() => undefined);
  socket = await nextSocket();
  welcome(socket, { snapshot: { entries: [] } });
});

afterEach(() => {
  page.unmount();
  liveSession.closeSocket();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function show(entries: Entry[] = [], ended = false): void {
  page = mount(SessionContent, { props: { document: { entries }, ended } });
}

async function send(text: string): Promise<void> {
  await page.get("input").setValue(text);
  await page.get("form").trigger("submit");
}

test("the notes are listed with the newest first", () => {
  show([entry, { ...entry, text: "Bye" }]);
  const notes = page.findAll("li").map((one) => one.text());
  expect(notes[0]).toContain("Bye");
  expect(notes[1]).toContain("Hello");
  expect(notes[1]).toContain(stateLabel(entry.state));
});

test("names and texts of others cannot reorder the words around them", () => {
  show([{ ...entry, by: "אבי", text: "שלום" }]);
  expect(page.findAll("li bdi").map((one) => one.text())).toEqual(["אבי", "שלום"]);
});

test("an empty list is explained while the session is open, and not after its end", () => {
  show();
  expect(page.text()).toContain("Nothing here yet");
  page.unmount();
  show([], true);
  expect(page.text()).not.toContain("Nothing here yet");
});

test("the form offers every state under its label and explains what it does", async () => {
  show();
  const labels = page.findAll("option").map((option) => option.text());
  expect(labels).toEqual(formStates().map(stateLabel));
  for (const one of formStates()) {
    await page.get("select").setValue(one);
    expect(page.text().includes("Ends the session for everybody")).toBe(closesSession(one));
  }
});

test("sending empties the field, and a refused text comes back", async () => {
  show();
  await send("Too long");
  const [request] = socket.requests();
  expect(request?.["state"]).toBe(state);
  expect(JSON.stringify(request)).toContain("Too long");
  expect(page.get("input").element.value).toBe("");
  expect(page.text()).toContain("Waiting");
  const { id } = request ?? {};
  socket.receive({ state: "error", error: "It is too long.", code: "invalid_data", id });
  await flushPromises();
  expect(page.get("input").element.value).toBe("Too long");
});
