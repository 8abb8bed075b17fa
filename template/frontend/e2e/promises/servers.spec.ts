import type { Page } from "@playwright/test";

import type { Person } from "../support/person";
import { expect, type OwnServer, test } from "../support/test";
import { nothingLost, Talker } from "./support/talk";

const LOSS = /were missed|restarted this session/u;

/** On a busy machine a server takes long to start, and the pages wait longer after each try. */
const BACK = { timeout: 60_000 };

async function each(talkers: readonly Talker[], status: string): Promise<void> {
  await Promise.all(talkers.map((one) => expect(one.person.status).toHaveText(status, BACK)));
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

/** Two users in one session of this server, who send requests with the inspector's form. */
async function twoTalkers(
  server: OwnServer,
  person: (name: string, options: { baseURL: string }) => Promise<Person>,
): Promise<[Talker, Talker]> {
  const ada = new Talker(await person("Ada", { baseURL: server.url }));
  const grace = new Talker(await person("Grace", { baseURL: server.url }));
  await ada.prepare();
  await grace.prepare();
  await grace.person.join(await ada.person.start());
  await ada.openForm();
  await grace.openForm();
  return [ada, grace];
}

async function noLoss(talkers: readonly Talker[]): Promise<void> {
  for (const { person } of talkers) await expect(person.page.getByText(LOSS)).toHaveCount(0);
}

test("nothing is lost when a server is killed and restarted", async ({ person, serve }) => {
  const server = await serve({ valkey: true });
  const talkers = await twoTalkers(server, person);
  const [ada, grace] = talkers;
  await ada.send();

  await server.kill();
  await each(talkers, "Reconnecting");
  await ada.sendLater();
  await grace.sendLater();
  await server.start();

  await each(talkers, "Connected");
  await nothingLost(...talkers);
  await grace.send();
  await nothingLost(...talkers);
  for (const one of talkers) await expect(one.person.participants).toHaveCount(2);
  await noLoss(talkers);
});

test("the page reports that a crashed server has lost the session", async ({ person, serve }) => {
  const server = await serve();
  const talkers = await twoTalkers(server, person);
  const [ada, grace] = talkers;
  await ada.send();

  await server.kill();
  await each(talkers, "Reconnecting");
  await server.start();

  await each(talkers, "Connected");
  for (const { page } of talkers.map((one) => one.person)) {
    await expect(page.getByText("The server restarted this session")).toBeVisible();
    await page.getByRole("button", { name: "Dismiss" }).click();
  }
  await noLoss(talkers);
  await grace.send();
  await nothingLost(...talkers);
});

test("an update of the server is announced and loses nothing", async ({ person, serve }) => {
  const server = await serve({ valkey: true, settings: { SESSION_DRAIN: "2" } });
  const talkers = await twoTalkers(server, person);
  const [ada, grace] = talkers;
  await ada.send();

  const stopped = server.stop();
  for (const one of talkers) {
    await expect(one.person.page.getByText("The server is being updated")).toBeVisible();
  }
  await ada.sendLater();
  await stopped;
  await each(talkers, "Reconnecting");
  await grace.sendLater();
  await server.start();

  await each(talkers, "Connected");
  await nothingLost(...talkers);
  await expect(ada.person.page.getByText("The server is being updated")).toHaveCount(0);
  await noLoss(talkers);
});

test("a tab that was frozen catches up", async ({ person, serve }) => {
  const server = await serve({ settings: { SESSION_HEARTBEAT: "0.3" } });
  const talkers = await twoTalkers(server, person);
  const [ada, grace] = talkers;
  const thaw = await freeze(grace.person.page);
  const pings = (): number => ada.sent.filter(({ state }) => state === "ping").length;

  for (let round = 0; round < 3; round += 1) {
    await ada.send();
    // A heartbeat without any other frame: by the third one Grace has been silent for too long.
    const before = pings();
    await expect.poll(pings).toBeGreaterThan(before);
  }
  await thaw();

  await nothingLost(...talkers);
  await grace.send();
  await nothingLost(...talkers);
});
