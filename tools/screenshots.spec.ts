import type { Page } from "@playwright/test";

import { notes, noteState, send } from "./support/notes";
import { SIGN_IN } from "./support/person";
import { expect, PHONE, test } from "./support/test";

// Pictures for docs/images, of a render with the default states: copy this file into its
// frontend/e2e, then `uv run poe e2e screenshots.spec.ts`.
const FOLDER = "test-results/screenshots";

const DEVICES = {
  desktop: { width: 1280, height: 860 },
  phone: PHONE,
} as const;

const PAGES = {
  home: "/",
  start: "/session",
  settings: "/settings",
  unknown: "/nothing",
  ...(SIGN_IN && { "sign-in": "/sign-in", "sign-up": "/sign-up", account: "/account" }),
};

/** Makes the page believe that an admin is signed in, and that these are the users. */
async function playAdmin(page: Page, names: readonly string[]): Promise<void> {
  let self: object = {};
  await page.route("**/api/v1/auth/refresh", async (route) => {
    const response = await route.fetch();
    const answer = (await response.json()) as { user: object };
    self = { ...answer.user, is_admin: true };
    await route.fulfill({ response, json: { ...answer, user: self } });
  });
  await page.route(/\/api\/v1\/users\?/u, (route) => {
    const others = names.map((name, index) => ({
      id: `example-${index}`,
      email: `${name.toLowerCase().replace(" ", ".")}@example.com`,
      name,
      is_admin: index === 1,
      is_active: index !== 2,
      created_at: "2026-11-03T09:30:00Z",
    }));
    return route.fulfill({ json: { users: [self, ...others], total: names.length + 1 } });
  });
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const [device, viewport] of Object.entries(DEVICES)) {
    test(`pictures of every page (${colorScheme}, ${device})`, async ({ person }) => {
      const options = { colorScheme, viewport, reducedMotion: "reduce" } as const;
      const ada = await person("Ada Lovelace", options);
      const grace = await person("Grace Hopper");

      const shoot = async (name: string): Promise<void> => {
        await expect(ada.page.getByRole("heading", { level: 1 })).toBeVisible();
        await ada.page.screenshot({ path: `${FOLDER}/${name}-${device}-${colorScheme}.png` });
      };

      for (const [name, path] of Object.entries(PAGES)) {
        await ada.page.goto(path);
        await shoot(name);
      }

      const link = await ada.start();
      await grace.join(link);
      await send(ada, noteState, "Good morning! Shall we look at the launch?");
      const other = "somethingHappened";
      await send(grace, other, "Yes. The rehearsal went well, two small things left.");
      await send(ada, noteState, "I take the first, you the second?");
      await send(grace, noteState, "Deal. Back in ten minutes.");
      await expect(notes(ada)).toHaveCount(4);
      await shoot("session");
      await ada.page.goto("/settings?inspect");
      // A user who was in the session before is not asked for a name again.
      await ada.page.goto(link);
      await ada.isIn();
      await send(ada, noteState, "I am back, and I look at what goes over the wire.");
      await expect(notes(ada)).toHaveCount(5);
      await ada.page.getByRole("button", { name: "Inspector", exact: true }).click();
      const frames = ada.page.getByRole("log", { name: "Frames" });
      await frames.locator("details").first().click();
      await shoot("inspector");
      await ada.page.getByRole("button", { name: "Close inspector" }).click();

      await ada.page.getByRole("button", { name: "End session" }).click();
      await expect(ada.status).toHaveText("Session ended");
      await shoot("ended");

      const sessions = ["Sprint retro", "Launch rehearsal", "Monday stand-up"].map(
        (title, index) => ({
          id: `example-${index}`,
          title,
          created_at: `2026-11-0${3 - index}T09:30:00Z`,
          updated_at: `2026-11-0${3 - index}T10:05:00Z`,
        }),
      );
      await ada.page.route(/\/api\/v1\/sessions\?/u, (route) =>
        route.fulfill({ json: { sessions, total: sessions.length } }),
      );
      await ada.page.goto("/saved");
      await expect(ada.page.getByRole("link", { name: "Open Sprint retro" })).toBeVisible();
      await shoot("saved");

      if (SIGN_IN) {
        await playAdmin(ada.page, ["Alan Turing", "Grace Hopper", "Joan Clarke", "Max Newman"]);
        await ada.page.goto("/users");
        await expect(ada.page.getByRole("list", { name: "Users" })).toBeVisible();
        await shoot("users");
      }
    });
  }
}
