import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { joinSession, liveSession, sendForm } from "../../../src/ui/liveSession";
import { toasts } from "../../../src/ui/toasts";
import { FakeSocket, installFakeSocket, nextSocket, welcome } from "../support/fakeSocket";
import { STATE } from "../support/project";

beforeEach(() => {
  vi.useFakeTimers();
  installFakeSocket();
});
afterEach(() => {
  liveSession.closeSocket();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it("delivers what was sent while the connection was away, however long that took", async () => {
  joinSession("notes", "Ada");
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
