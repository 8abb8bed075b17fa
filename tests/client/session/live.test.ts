import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { configureSession, liveSession, sendForm } from "@duplex/session/live";
import { toasts } from "@duplex/ui/toasts";
import { FakeSocket, installFakeSocket, nextSocket, welcome } from "@duplex/testing";
import { PARTS, STATE } from "../support/contract";

beforeEach(() => {
  configureSession(PARTS);
  vi.useFakeTimers();
  installFakeSocket();
});
afterEach(() => {
  liveSession.closeSocket();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it("delivers requests sent without a connection, however long it takes", async () => {
  liveSession.initialiseSocket({ session: "notes", name: "Ada" }).catch(() => undefined);
  const first = await nextSocket();
  welcome(first);
  first.breaks();
  const sent = vi.fn();
  void sendForm(STATE, { text: "kept" }).then(sent);
  for (let minute = 0; minute < 10; minute += 1) {
    await vi.advanceTimersByTimeAsync(60_000);
    FakeSocket.all.at(-1)?.breaks();
  }
  const back = await nextSocket();
  welcome(back, { recovered: true });
  expect(back.requests()).toMatchObject([{ state: STATE }]);
  expect(sent).not.toHaveBeenCalled();
  expect(toasts.getSnapshot()).toEqual([]);
});
