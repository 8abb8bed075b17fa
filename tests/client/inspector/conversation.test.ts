import { expect, test } from "vitest";

import { conversationOf, fileName } from "@duplex/inspector/conversation";
import { createRecorder } from "@duplex/inspector/recorder";
import { createInspectorSwitch } from "@duplex/inspector/switch";
import { STATE } from "../support/contract";

const SESSION = "x0R3fJ9qLm2Zt7WvKp5YbA";

function record() {
  const recorder = createRecorder();
  const add = (direction: "sent" | "received", frame: Record<string, unknown>): void => {
    recorder.add({ direction, frame, size: 1 });
  };
  add("sent", { token: "•••", session: "earlier" });
  add("received", { state: "initialised", data: { session: "earlier" } });
  add("sent", { token: "•••", session: SESSION, name: "Ada" });
  add("received", {
    state: "initialised",
    data: { session: SESSION, resume_token: "•••", snapshot: { link: `/session/${SESSION}` } },
  });
  add("sent", { state: STATE, data: { text: "hi", apiKey: "k-1", password: ["p-1"] }, id: "1" });
  add("received", { state: STATE, data: { id: SESSION, accessToken: "t-1", tokens: 3 }, id: "1" });
  return recorder;
}

test("an export contains the last session's conversation from its beginning", () => {
  const conversation = conversationOf(record().read(), "print");
  expect(conversation).toMatchObject({
    format: "session-conversation",
    version: 1,
    contract: "print",
    omitted: 0,
  });
  expect(conversation?.frames.map(({ direction }) => direction)).toEqual([
    "sent",
    "received",
    "sent",
    "received",
  ]);
  expect(conversation?.frames[0]).toMatchObject({ at: 0, frame: { name: "Ada" } });
  expect(conversation && fileName(conversation)).toMatch(/^conversation-[\d-]{19}\.json$/u);
});

test("an export contains no secrets and not the session's id", () => {
  const conversation = conversationOf(record().read(), "print");
  const text = JSON.stringify(conversation);
  expect(text).not.toMatch(/k-1|p-1|t-1|earlier/u);
  expect(text).not.toContain(SESSION);
  expect(conversation?.frames[3]?.frame).toEqual({
    state: STATE,
    data: { id: "•••", accessToken: "•••", tokens: 3 },
    id: "1",
  });
});

test("a session's name is hidden as a whole value, and kept inside texts of users", () => {
  const recorder = createRecorder();
  const session = "stand-up";
  const data = { id: session, text: `our ${session}` };
  recorder.add({ direction: "sent", frame: { session }, size: 1 });
  recorder.add({
    direction: "received",
    frame: { state: "initialised", data: { session } },
    size: 1,
  });
  recorder.add({ direction: "received", frame: { state: STATE, data }, size: 1 });
  const conversation = conversationOf(recorder.read(), "print");
  expect(conversation?.frames[2]?.frame).toMatchObject({
    data: { id: "•••", text: "our stand-up" },
  });
});

test("an export starts at the beginning after the frames were cleared", () => {
  const recorder = record();
  recorder.clear();
  recorder.add({ direction: "sent", frame: { state: STATE }, size: 1 });
  const conversation = conversationOf(recorder.read(), "print");
  expect(conversation?.omitted).toBe(2);
  expect(conversation?.frames).toHaveLength(3);
});

test("a reloaded page can export its session from the reload on", () => {
  const recorder = createRecorder();
  recorder.add({ direction: "sent", frame: { resume: { token: "•••" } }, size: 1 });
  recorder.add({ direction: "received", frame: { state: "initialised", data: {} }, size: 1 });
  expect(conversationOf(recorder.read(), "print")?.frames).toHaveLength(2);
});

test("there is nothing to export before a session is open", () => {
  const recorder = createRecorder();
  recorder.add({ direction: "sent", frame: { name: "Ada" }, size: 1 });
  expect(conversationOf(recorder.read(), "print")).toBeNull();
});

test("the inspector is on only in development, until the user switches it", () => {
  localStorage.clear();
  const on = (search: string, development: boolean): boolean =>
    createInspectorSwitch(search, development).getSnapshot();
  expect([on("", true), on("", false)]).toEqual([true, false]);
  expect(on("?inspect", false)).toBe(true);
  expect(on("", false)).toBe(true);
  createInspectorSwitch("", true).turn(false);
  expect([on("", true), on("?inspect=off", true)]).toEqual([false, false]);
  localStorage.clear();
});
