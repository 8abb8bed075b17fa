import { act, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import SessionContent from "../src/components/session/SessionContent";
import { closesSession, formStates, liveSession, stateLabel } from "../src/duplex";
import { type FakeSocket, installFakeSocket, nextSocket, welcome } from "../src/duplex/testing";
import type { Entry } from "../src/notes";
import { show } from "./setup.tsx";

const [state] = formStates();
const entry: Entry = { state: state ?? "", text: "Hello", by: "Ben", at: "2026-01-05T09:00:00Z" };

let socket: FakeSocket;

beforeEach(async () => {
  vi.useFakeTimers();
  installFakeSocket();
  liveSession.initialiseSocket({ session: "notes", name: "Ada" }).catch(() => undefined);
  socket = await nextSocket();
  welcome(socket, { snapshot: { entries: [] } });
});

afterEach(() => {
  liveSession.closeSocket();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const content = (entries: Entry[] = [], ended = false) => (
  <SessionContent document={{ entries }} ended={ended} />
);
const choice = () => screen.getByRole<HTMLSelectElement>("combobox", { name: "State" });
const text = () => screen.getByRole<HTMLInputElement>("textbox", { name: "Text" });

async function send(typed: string): Promise<void> {
  fireEvent.change(text(), { target: { value: typed } });
  fireEvent.click(screen.getByRole("button", { name: "Send" }));
  await act(() => vi.advanceTimersByTimeAsync(0));
}

test("the notes are listed with the newest first", () => {
  show(content([entry, { ...entry, text: "Bye" }]));
  const notes = within(screen.getByRole("list", { name: "Shared notes" }));
  const shown = notes.getAllByRole("listitem").map((item) => item.textContent);
  expect(shown[0]).toContain("Bye");
  expect(shown[1]).toContain("Hello");
  expect(shown[1]).toContain(stateLabel(entry.state));
});

test("names and texts of others cannot reorder the words around them", () => {
  show(content([{ ...entry, by: "אבי", text: "שלום" }]));
  const isolated = [...screen.getByRole("listitem").querySelectorAll("bdi")];
  expect(isolated.map((one) => one.textContent)).toEqual(["אבי", "שלום"]);
});

test("an empty list is explained while the session is open, and not after its end", () => {
  const { unmount } = show(content());
  expect(screen.getByText("Nothing here yet")).toBeTruthy();
  unmount();
  show(content([], true));
  expect(screen.queryByText("Nothing here yet")).toBeNull();
});

test("the form offers every state under its label and explains what it does", () => {
  show(content());
  const labels = Array.from(choice().options, (option) => option.text);
  expect(labels).toEqual(formStates().map(stateLabel));
  for (const one of formStates()) {
    fireEvent.change(choice(), { target: { value: one } });
    const closes = screen.queryByText(/Ends the session for everybody/u) !== null;
    expect(closes).toBe(closesSession(one));
  }
});

test("sending empties the field, and a refused text comes back", async () => {
  show(content());
  await send("Too long");
  const [request] = socket.requests();
  expect(request?.["state"]).toBe(state);
  expect(JSON.stringify(request)).toContain("Too long");
  expect(text().value).toBe("");
  expect(screen.getByText(/^Waiting/u)).toBeTruthy();
  const { id } = request ?? {};
  await act(async () => {
    socket.receive({ state: "error", error: "It is too long.", code: "invalid_data", id });
    await vi.advanceTimersByTimeAsync(0);
  });
  expect(text().value).toBe("Too long");
});
