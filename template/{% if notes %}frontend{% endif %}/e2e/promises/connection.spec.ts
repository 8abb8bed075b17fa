import type { Page, WebSocketRoute } from "@playwright/test";

import { CONTRACT } from "../../src/api/generated/contract";
import { hasNotes, notes, openState, send } from "../support/notes";
import { expect, test } from "../support/test";

/** The wire between a page and the server: it can be cut, and mended. */
class Wire {
  #whole = Promise.resolve();
  #mend: () => void = () => undefined;
  readonly #sockets = new Set<WebSocketRoute>();

  async lay(page: Page): Promise<void> {
    await page.routeWebSocket("**/api/v1/socket", async (socket) => {
      await this.#whole;
      socket.connectToServer();
      this.#sockets.add(socket);
    });
  }

  /** What is connected now is lost, and nothing connects until `mend`. */
  async cut(): Promise<void> {
    this.#whole = new Promise((resolve) => {
      this.#mend = resolve;
    });
    await Promise.all([...this.#sockets].map((socket) => socket.close({ code: 4503 })));
    this.#sockets.clear();
  }

  mend(): void {
    this.#mend();
  }
}

test("before and after a session the page says that there is none", async ({ person }) => {
  const ada = await person("Ada");
  await ada.page.goto("/");
  await expect(ada.status).toHaveText("No session");
  await ada.start();
  await expect(ada.status).toHaveText("Connected");
  await ada.page.getByRole("button", { name: "End session" }).click();
  await expect(ada.status).toHaveText("Session ended");
});

test("a lost connection comes back by itself, with all that was missed", async ({ person }) => {
  const ada = await person("Ada");
  const grace = await person("Grace");
  const wire = new Wire();
  await wire.lay(grace.page);
  await grace.join(await ada.start());

  await wire.cut();
  await expect(grace.status).toHaveText("Reconnecting");
  await expect(grace.page.getByText("is delivered when the connection is back")).toBeVisible();
  if (openState !== undefined) {
    await send(ada, openState, "While you were away");
    await send(grace, openState, "Said into the void");
  }
  wire.mend();
  await expect(grace.status).toHaveText("Connected");

  const kept = openState === undefined ? 0 : 2;
  for (const one of [ada, grace]) {
    await expect(notes(one)).toHaveCount(kept);
    await expect(one.participants).toHaveCount(2);
  }
});

test("a page that the browser puts away and shows again is at its place", async ({ person }) => {
  const ada = await person("Ada");
  const grace = await person("Grace");
  await grace.join(await ada.start());

  // What the browser says when it keeps the page in its back/forward cache; not every one has it.
  const says = (type: string): Promise<boolean> =>
    grace.page.evaluate(
      (name) => dispatchEvent(new PageTransitionEvent(name, { persisted: true })),
      type,
    );
  await says("pagehide");
  await expect(ada.participants).toHaveCount(1);
  if (openState !== undefined) await send(ada, openState, "While you were elsewhere");
  await says("pageshow");

  await expect(grace.status).toHaveText("Connected");
  for (const one of [ada, grace]) {
    await expect(one.participants).toHaveCount(2);
    await expect(notes(one)).toHaveCount(openState === undefined ? 0 : 1);
  }
  await expect(grace.page.getByText("were missed")).toHaveCount(0);
});

test("a page that is older than the server reloads and keeps its place", async ({ person }) => {
  const ada = await person("Ada");
  const presence: string[] = [];
  ada.page.on("websocket", (socket) => {
    socket.on("framereceived", ({ payload }) => {
      const [, state] = /"state":"(joined|left)"/u.exec(String(payload)) ?? [];
      if (state !== undefined) presence.push(state);
    });
  });
  const grace = await person("Grace");
  // The page as it was built before the server's last release.
  await grace.page.route("**/assets/*.js", async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(CONTRACT, "older");
    // Under its own address, unlike an older build's: so it must not be kept.
    const headers = { ...response.headers(), "cache-control": "no-store" };
    await route.fulfill({ response, body, headers });
  });
  await grace.join(await ada.start());
  if (openState !== undefined) await send(grace, openState, "Before");

  await grace.page.unrouteAll();
  const reload = grace.page.getByRole("button", { name: "Reload" });
  await reload.click();
  await expect(reload).toHaveCount(0);
  await grace.isIn();
  if (openState !== undefined) {
    await send(ada, openState, "After");
    await hasNotes(grace, "Before", "After");
  }
  await expect(ada.participants).toHaveCount(2);
  expect(presence).toEqual(["joined"]);
  // The secret that brought it back is good once, and is not left where a script could find it.
  expect(await grace.page.evaluate(() => sessionStorage.getItem("session-place"))).toBeNull();
});

test("without a network the page says so, and recovers when it is back", async ({ person }) => {
  const ada = await person("Ada");
  const grace = await person("Grace");
  await grace.join(await ada.start());

  await grace.page.context().setOffline(true);
  await expect(grace.status).toHaveText("Offline");
  if (openState !== undefined) await send(ada, openState, "Still there?");
  await grace.page.context().setOffline(false);

  await expect(grace.status).toHaveText("Connected");
  if (openState !== undefined) {
    await expect(notes(grace).filter({ hasText: "Still there?" })).toBeVisible();
  }
});
