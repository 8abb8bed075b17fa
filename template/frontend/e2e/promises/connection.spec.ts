import type { Page, WebSocketRoute } from "@playwright/test";

import { CONTRACT } from "../../src/api/generated/contract";
import type { Person } from "../support/person";
import { expect, test } from "../support/test";
import { nothingLost, OPEN_STATES, Talker } from "./support/talk";

/** The connection between a page and the server, which can be cut and repaired. */
class Wire {
  #whole = Promise.resolve();
  #repair: () => void = () => undefined;
  readonly #sockets = new Set<WebSocketRoute>();

  async watch(page: Page): Promise<void> {
    await page.routeWebSocket("**/api/v1/socket", async (socket) => {
      await this.#whole;
      socket.connectToServer();
      this.#sockets.add(socket);
    });
  }

  /** Breaks the current connections, and refuses new ones until `repair`. */
  async cut(): Promise<void> {
    this.#whole = new Promise((resolve) => {
      this.#repair = resolve;
    });
    await Promise.all([...this.#sockets].map((socket) => socket.close({ code: 4503 })));
    this.#sockets.clear();
  }

  repair(): void {
    this.#repair();
  }
}

/** Two users in one session, who send requests with the inspector's form. */
async function twoTalkers(person: (name: string) => Promise<Person>, wire?: Wire) {
  const ada = new Talker(await person("Ada"));
  const grace = new Talker(await person("Grace"));
  await wire?.watch(grace.person.page);
  await ada.prepare();
  await grace.prepare();
  await grace.person.join(await ada.person.start());
  await ada.openForm();
  await grace.openForm();
  return { ada, grace };
}

test("a lost connection is restored, and nothing is lost", async ({ person }) => {
  const wire = new Wire();
  const { ada, grace } = await twoTalkers(person, wire);

  await wire.cut();
  await expect(grace.person.status).toHaveText("Reconnecting");
  await expect(
    grace.person.page.getByText("is delivered when the connection is back"),
  ).toBeVisible();
  await ada.send();
  await grace.sendLater();
  wire.repair();
  await expect(grace.person.status).toHaveText("Connected");

  await nothingLost(ada, grace);
  for (const { person } of [ada, grace]) await expect(person.participants).toHaveCount(2);
});

test("a page restored from the back/forward cache resumes its place", async ({ person }) => {
  const { ada, grace } = await twoTalkers(person);
  // The events of a page that the browser keeps for its back button; not every browser does.
  const fire = (type: string): Promise<boolean> =>
    grace.person.page.evaluate(
      (name) => dispatchEvent(new PageTransitionEvent(name, { persisted: true })),
      type,
    );
  await fire("pagehide");
  await expect(ada.person.participants).toHaveCount(1);
  await ada.send();
  await fire("pageshow");

  await expect(grace.person.status).toHaveText("Connected");
  await nothingLost(ada, grace);
  for (const { person } of [ada, grace]) await expect(person.participants).toHaveCount(2);
  await expect(grace.person.page.getByText("were missed")).toHaveCount(0);
});

test("a page that is older than the server reloads and keeps its place", async ({ person }) => {
  const ada = new Talker(await person("Ada"));
  const grace = await person("Grace");
  // The page as it was built before the server's last release.
  await grace.page.route("**/assets/*.js", async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(CONTRACT, "older");
    // Under its own address, unlike an older build's: so it must not be kept.
    const headers = { ...response.headers(), "cache-control": "no-store" };
    await route.fulfill({ response, body, headers });
  });
  await grace.join(await ada.person.start());

  await grace.page.unrouteAll();
  const reload = grace.page.getByRole("button", { name: "Reload" });
  await reload.click();
  await expect(reload).toHaveCount(0);
  await grace.isIn();
  await expect(ada.person.participants).toHaveCount(2);
  const presence = ada.received.filter(({ state = "" }) => ["joined", "left"].includes(state));
  expect(presence.map(({ state }) => state)).toEqual(["joined"]);
  // The secret that brought it back is good once, and is not left where a script could find it.
  expect(await grace.page.evaluate(() => sessionStorage.getItem("session-place"))).toBeNull();
});

test("without a network the page shows it, and recovers when it is back", async ({ person }) => {
  const { ada, grace } = await twoTalkers(person);
  await grace.person.page.context().setOffline(true);
  await expect(grace.person.status).toHaveText("Offline");
  await ada.send();
  await grace.person.page.context().setOffline(false);

  await expect(grace.person.status).toHaveText("Connected");
  await nothingLost(ada, grace);
  const states = new Set(ada.sent.map(({ state }) => state));
  expect(OPEN_STATES.filter((state) => !states.has(state))).toEqual([]);
});

/** The application with an additional state, whose stream goes only to its sender. */
const ANSWERING = { module: "duplex_dev.testing.promises.answering" } as const;
const STATE = "promiseAnswer";
const PIECES = Array.from({ length: 40 }, (_, number) => number);

async function ask(
  person: (name: string, options: { baseURL: string }) => Promise<Person>,
  url: string,
): Promise<Talker> {
  const ada = new Talker(await person("Ada", { baseURL: url }));
  await ada.prepare();
  await ada.person.start();
  await ada.openForm();
  await ada.send([STATE], { answered: false });
  await expect
    .poll(() => ada.received.filter(({ state }) => state === STATE).length)
    .toBeGreaterThan(2);
  return ada;
}

test("a reload during an answer loses no part of it", async ({ person, serve }) => {
  const { url } = await serve(ANSWERING);
  const ada = await ask(person, url);
  await ada.person.page.reload();
  await ada.person.isIn();
  const end = { state: STATE, data: null, ended: "done" };
  await expect.poll(() => ada.received.at(-1)).toMatchObject(end);

  // The page that was loaded again took the place of the first one, and got all that came after.
  const { resume } = ada.sent.findLast(({ state }) => state === undefined) ?? {};
  const first = ada.received.find(({ state }) => state === STATE);
  const again = ada.received.findLastIndex(({ state }) => state === "initialised");
  const came = ada.received
    .slice(again)
    .filter(({ state, more }) => state === STATE && more === true)
    .map(({ data }) => (data as { number: number }).number);
  const next = Number(resume?.seq) - Number(first?.seq) + 1;
  expect(came).toEqual(PIECES.slice(next));
});
