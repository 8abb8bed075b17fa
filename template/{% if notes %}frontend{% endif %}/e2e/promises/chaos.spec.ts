import type { Page } from "@playwright/test";

import type { Person } from "../support/person";
import { NO_SERVER } from "../support/server";
import { hasNotes, openState, send } from "../support/notes";
import { expect, test } from "../support/test";

test.skip(NO_SERVER !== false, NO_SERVER || "");
test.skip(openState === undefined, "no state of this project leaves a note in an open session");

const LOSS = /were missed|restarted this session/u;

async function note(one: Person, text: string): Promise<void> {
  if (openState !== undefined) await send(one, openState, text);
}

async function eachHas(people: readonly Person[], ...texts: string[]): Promise<void> {
  for (const one of people) {
    await hasNotes(one, ...texts);
    await expect(one.participants).toHaveCount(people.length);
  }
}

/** On a busy machine a server takes long to start, and the pages wait longer after each try. */
const BACK = { timeout: 60_000 };

async function each(people: readonly Person[], status: string): Promise<void> {
  await Promise.all(people.map((one) => expect(one.status).toHaveText(status, BACK)));
}

/** Answers a promise of the next frame that the page sends in this state. */
function sends(page: Page, state: string): () => Promise<void> {
  let sent = 0;
  page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => {
      if (String(payload).includes(`"state":"${state}"`)) sent += 1;
    });
  });
  return async () => {
    const before = sent;
    await expect.poll(() => sent).toBeGreaterThan(before);
  };
}

/**
 * Stops a page as browsers do with tabs in the background: no script and no timer runs until the
 * returned function is called. A browser without windows does not obey setWebLifecycleState.
 */
async function freeze(page: Page): Promise<() => Promise<void>> {
  const browser = await page.context().newCDPSession(page);
  await browser.send("Debugger.enable");
  const stopped = new Promise((resolve) => browser.once("Debugger.paused", resolve));
  await browser.send("Debugger.pause");
  await stopped;
  return async () => {
    await browser.send("Debugger.resume");
  };
}

test("a killed server that comes back has lost nothing, in any tab", async ({ person, serve }) => {
  const server = await serve({ valkey: true });
  const ada = await person("Ada", { baseURL: server.url });
  const grace = await person("Grace", { baseURL: server.url });
  await grace.join(await ada.start());
  const people = [ada, grace, await ada.openTab()];
  await note(ada, "before");
  await eachHas(people, "before");

  await server.kill();
  await each(people, "Reconnecting");
  await note(ada, "while it was away");
  await note(ada, "and this too");
  await server.start();

  await each(people, "Connected");
  await eachHas(people, "before", "while it was away", "and this too");
  await note(grace, "after");
  await eachHas(people, "before", "while it was away", "and this too", "after");
  for (const { page } of people) await expect(page.getByText(LOSS)).toHaveCount(0);
});

test("a server that kept the session itself says after a crash that it is gone", async ({
  person,
  serve,
}) => {
  const server = await serve();
  const ada = await person("Ada", { baseURL: server.url });
  const grace = await person("Grace", { baseURL: server.url });
  await grace.join(await ada.start());
  await note(ada, "before");
  await eachHas([ada, grace], "before");

  await server.kill();
  await each([ada, grace], "Reconnecting");
  await server.start();

  await each([ada, grace], "Connected");
  for (const one of [ada, grace]) {
    await expect(one.page.getByText("The server restarted this session")).toBeVisible();
    await one.page.getByRole("button", { name: "Dismiss" }).click();
    await expect(one.page.getByText(LOSS)).toHaveCount(0);
  }
  await note(grace, "after");
  await eachHas([ada, grace], "after");
});

test("an update of the server is said, and loses nothing", async ({ person, serve }) => {
  const server = await serve({ valkey: true, settings: { SESSION_DRAIN: "2" } });
  const ada = await person("Ada", { baseURL: server.url });
  const grace = await person("Grace", { baseURL: server.url });
  await grace.join(await ada.start());
  await note(ada, "before");
  await eachHas([ada, grace], "before");

  const stopped = server.stop();
  for (const { page } of [ada, grace]) {
    await expect(page.getByText("The server is being updated")).toBeVisible();
  }
  await note(ada, "while it leaves");
  await stopped;
  await each([ada, grace], "Reconnecting");
  for (const { page } of [ada, grace]) {
    await expect(page.getByText("The server is being updated; reconnecting…")).toBeVisible();
  }
  await note(grace, "while it was away");
  await server.start();

  await each([ada, grace], "Connected");
  await eachHas([ada, grace], "before", "while it leaves", "while it was away");
  await expect(ada.page.getByText("The server is being updated")).toHaveCount(0);
  for (const { page } of [ada, grace]) await expect(page.getByText(LOSS)).toHaveCount(0);
});

test("a tab that stood still has everything when it goes on", async ({ person, serve }) => {
  const server = await serve({ settings: { SESSION_HEARTBEAT: "0.3" } });
  const ada = await person("Ada", { baseURL: server.url });
  const pinged = sends(ada.page, "ping");
  const grace = await person("Grace", { baseURL: server.url });
  await grace.join(await ada.start());
  const thaw = await freeze(grace.page);

  for (const text of ["one", "two", "three"]) {
    await note(ada, text);
    // A heartbeat without any other frame: by the third one Grace has been silent for too long.
    await pinged();
  }
  await expect(ada.participants).toHaveCount(2);
  await thaw();

  await eachHas([ada, grace], "one", "two", "three");
  await note(grace, "four");
  await eachHas([ada, grace], "one", "two", "three", "four");
});
