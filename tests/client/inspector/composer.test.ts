import { expect, test, vi } from "vitest";

import { ApiError } from "@duplex/client/rest";
import { SessionError } from "@duplex/client/types";
import { createComposer, elsewhere } from "@duplex/inspector/composer";
import { type ContractDocument, readDocument } from "@duplex/inspector/asyncapi";
import { IDLE } from "@duplex/session/state";

const DATA = {
  type: "object",
  properties: { text: { type: "string", default: "", maxLength: 3 } },
  additionalProperties: false,
};

const CONTRACT: ContractDocument = readDocument({
  operations: { "receive-say": { messages: [{ payload: { properties: { data: DATA } } }] } },
});

function compose(answer: () => Promise<unknown>, fetched = Promise.resolve(CONTRACT)) {
  const send = vi.fn(answer);
  const state = { ...IDLE, participant: "p-ada" };
  const session = { sendSocketRequest: send as never, getSnapshot: () => state };
  const composer = createComposer(
    session,
    () => fetched,
    () => ["known"],
  );
  const type = (text: string): void => {
    const { draft } = composer.getSnapshot();
    if (draft === null) throw new Error("there is no form");
    const field = { mode: "value", text, fields: {}, items: [] } as const;
    composer.edit({ ...draft, fields: { text: field } });
  };
  return { composer, send, type, state };
}

const reply = { text: "heard" };

test("valid data is sent, and the reply is shown", async () => {
  const { composer, send, type } = compose(() => Promise.resolve(reply));
  expect(composer.getSnapshot().ready).toBe(false);
  await composer.load();
  expect(composer.getSnapshot()).toMatchObject({ ready: true, states: ["say"], state: "say" });
  type("hi");
  await composer.send();
  expect(send).toHaveBeenCalledExactlyOnceWith("say", { text: "hi" });
  expect(JSON.parse(composer.getSnapshot().reply ?? "")).toEqual(reply);
});

test("invalid data is reported, and sent only on request", async () => {
  const { composer, send, type } = compose(() => Promise.resolve(reply));
  await composer.load();
  type("too long");
  await composer.send();
  expect(send).not.toHaveBeenCalled();
  expect(composer.getSnapshot()).toMatchObject({
    problems: [{ path: "text" }],
    sendable: true,
    reply: null,
  });
  expect(elsewhere(composer.getSnapshot())).toEqual([]);
  await composer.send(true);
  expect(send).toHaveBeenCalledExactlyOnceWith("say", { text: "too long" });
  expect(composer.getSnapshot().problems).toEqual([]);
});

test("the server's problem is shown at its field", async () => {
  const details = { problems: [{ field: "text", problem: "is rude" }] };
  const { composer, type } = compose(() =>
    Promise.reject(new SessionError("invalid_data", "The data of say is not valid.", details)),
  );
  await composer.load();
  type("hi");
  await composer.send();
  expect(composer.getSnapshot()).toMatchObject({
    error: "The data of say is not valid.",
    problems: [{ path: "text", text: "is rude" }],
    sending: false,
  });
  type("ho");
  expect(composer.getSnapshot()).toMatchObject({ error: null, problems: [] });
});

test("the data can be written as JSON, and goes back into the form", async () => {
  const { composer, send, type } = compose(() => Promise.resolve(reply));
  await composer.load();
  type("hi");
  composer.writeJson(true);
  expect(JSON.parse(composer.getSnapshot().json)).toEqual({ text: "hi" });
  composer.editJson("{");
  composer.writeJson(false);
  expect(elsewhere(composer.getSnapshot())[0]).toContain("not JSON");
  await composer.send();
  expect(send).not.toHaveBeenCalled();
  expect(composer.getSnapshot().sendable).toBe(false);
  composer.editJson('{"text": "ho"}');
  composer.writeJson(false);
  expect(composer.getSnapshot()).toMatchObject({ asJson: false, problems: [] });
  await composer.send();
  expect(send).toHaveBeenCalledExactlyOnceWith("say", { text: "ho" });
});

test("without the server's contract, the page's states are sent as JSON", async () => {
  const refused = Promise.reject<ContractDocument>(new ApiError(404, "http", "No."));
  const { composer, send } = compose(() => Promise.resolve(null), refused);
  await composer.load();
  expect(composer.getSnapshot()).toMatchObject({ ready: true, state: "known", field: null });
  composer.editJson('{"any": 1}');
  await composer.send();
  expect(send).toHaveBeenCalledExactlyOnceWith("known", { any: 1 });
});

test("without a session nothing is sent, and the form explains it", async () => {
  const { composer, send, state } = compose(() => Promise.resolve(null));
  Object.assign(state, { participant: null });
  await composer.load();
  await composer.send();
  expect(send).not.toHaveBeenCalled();
  expect(composer.getSnapshot().error).toContain("start one first");
});
