import type { Page } from "@playwright/test";

import { type Person, SIGN_IN, unique } from "./support/person";
import { closingState, notes, openState, send } from "./support/notes";
import { expect, test } from "./support/test";

/** The request for one page of the list. */
const LIST = /\/api\/v1\/sessions\?/u;

/** Starts a session, with one note where that is possible, and saves it. Resolves to its title. */
async function saveOne(ada: Person): Promise<string> {
  if (closingState === undefined) throw new Error("No state of this project ends the session.");
  const title = unique("Retro");
  await ada.start();
  if (openState !== undefined) {
    await send(ada, openState, "Worth keeping");
    await expect(notes(ada)).toHaveCount(1);
  }
  await send(ada, closingState, title);
  await expect(ada.status).toHaveText("Session ended");
  return title;
}

/** Opens the list, in which there is a session with this title. */
async function withOneSaved(ada: Person): Promise<{ page: Page; title: string }> {
  const title = await saveOne(ada);
  await ada.page.goto("/saved");
  await expect(ada.page.getByRole("link", { name: `Open ${title}` })).toBeVisible();
  return { page: ada.page, title };
}

test.describe("saved sessions", () => {
  test.skip(closingState === undefined, "no state of this project ends the session");

  test("saving ends the session for everybody", async ({ person }) => {
    if (closingState === undefined) return;
    const ada = await person("Ada");
    const grace = await person("Grace");
    await grace.join(await ada.start());
    await send(ada, closingState, unique("Retro"));
    for (const one of [ada, grace]) {
      await expect(one.status).toHaveText("Session ended");
      await expect(one.alert).toBeVisible();
      await expect(one.page.getByRole("button", { name: "Start a new session" })).toBeVisible();
    }
  });

  test("a saved session is listed and opens again with its notes", async ({ person }) => {
    const ada = await person("Ada");
    const title = await saveOne(ada);
    await ada.page.goto("/saved");
    await ada.page.getByRole("link", { name: `Open ${title}` }).click();
    await ada.isIn();
    const kept = openState === undefined ? 0 : 1;
    await expect(notes(ada)).toHaveCount(kept);
  });

  test("a saved session can be renamed", async ({ person }) => {
    const ada = await person("Ada");
    const title = await saveOne(ada);
    await ada.page.goto("/saved");
    await ada.page.getByRole("button", { name: `Rename ${title}` }).click();
    const dialog = ada.page.getByRole("dialog", { name: "Rename session" });
    await dialog.getByRole("textbox", { name: "Title" }).fill(`${title} two`);
    await dialog.getByRole("button", { name: "Rename" }).click();
    await expect(dialog).toHaveCount(0);
    await expect(ada.page.getByRole("link", { name: `Open ${title} two` })).toBeVisible();
  });

  test("a saved session is deleted, but only after a question", async ({ person }) => {
    const ada = await person("Ada");
    const title = await saveOne(ada);
    await ada.page.goto("/saved");
    const open = ada.page.getByRole("link", { name: `Open ${title}` });
    const ask = ada.page.getByRole("button", { name: `Delete ${title}` });
    const dialog = ada.page.getByRole("dialog", { name: "Delete this session?" });

    await ask.click();
    await ada.page.keyboard.press("Escape");
    await expect(dialog).toHaveCount(0);
    await expect(open).toBeVisible();

    await ask.click();
    await dialog.getByRole("button", { name: "Delete" }).click();
    await expect(open).toHaveCount(0);
  });
});

test.describe("the confirmation of a deletion", () => {
  test.skip(closingState === undefined, "no state of this project ends the session");

  test("returns the focus to its button", async ({ person }) => {
    const { page, title } = await withOneSaved(await person("Ada"));
    for (const what of ["Rename", "Delete"]) {
      const button = page.getByRole("button", { name: `${what} ${title}` });
      await button.click();
      await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
      await expect(button).toBeFocused();
    }
    await page.getByRole("button", { name: `Delete ${title}` }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await expect(page.getByRole("main")).toBeFocused();
  });

  test("shows an error in front of the page", async ({ person }) => {
    const { page, title } = await withOneSaved(await person("Ada"));
    await page.route("**/api/v1/sessions/*", (route) => route.abort(), { times: 1 });
    await page.getByRole("button", { name: `Rename ${title}` }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Rename" }).click();
    await expect(dialog.getByRole("alert")).toBeVisible();
    await dialog.getByRole("button", { name: "Dismiss" }).click();
    await expect(dialog.getByRole("alert")).toHaveCount(0);
    await dialog.getByRole("button", { name: "Rename" }).click();
    await expect(dialog).toHaveCount(0);
  });
});

test("the page explains who can see the list", async ({ person }) => {
  const ada = await person("Ada");
  await ada.page.goto("/saved");
  await expect(ada.page.getByText(/only you see this list|shared by everyone/i)).toHaveText(
    SIGN_IN ? /Only you/ : /shared by everyone who can open this page/,
  );
});

test("an empty list explains how to add to it", async ({ person }) => {
  const ada = await person("Ada");
  await ada.page.route(LIST, (route) => route.fulfill({ json: { sessions: [], total: 0 } }));
  await ada.page.goto("/saved");
  await expect(ada.page.getByText("No saved sessions yet")).toBeVisible();
});

test("a list that cannot be loaded shows an error and can be loaded again", async ({ person }) => {
  const ada = await person("Ada");
  await ada.page.route(LIST, (route) => route.abort(), { times: 1 });
  await ada.page.goto("/saved");
  await expect(ada.page.getByText("The list could not be loaded")).toBeVisible();
  await ada.page.getByRole("button", { name: "Try again" }).click();
  await expect(ada.page.getByText("The list could not be loaded")).toHaveCount(0);
});

test("a long list has pages, and going back leads to the same page", async ({ person }) => {
  const { page } = await person("Ada");
  const all = Array.from({ length: 120 }, (_, index) => ({
    id: `number-${index + 1}`,
    title: `Number ${index + 1}`,
    created_at: "2026-01-05T09:00:00Z",
    updated_at: "2026-01-05T10:00:00Z",
  }));
  await page.route(LIST, (route) => {
    const query = new URL(route.request().url()).searchParams;
    const [offset, limit] = [Number(query.get("offset")), Number(query.get("limit"))];
    return route.fulfill({
      json: { sessions: all.slice(offset, offset + limit), total: all.length },
    });
  });
  await page.goto("/saved");
  const where = page.getByRole("navigation", { name: "Parts of the list" });
  await expect(where.getByRole("status")).toHaveText("1\u201350 of 120");
  await where.getByRole("link", { name: "Next" }).press("Enter");
  await expect(where.getByRole("status")).toHaveText("51\u2013100 of 120");
  // Focus and scroll position move to the top.
  await expect(page.getByRole("main")).toBeFocused();
  expect(await page.evaluate(() => scrollY)).toBe(0);

  await page.getByRole("link", { name: "Open Number 51", exact: true }).click();
  await expect(page).toHaveURL("/session/number-51");
  await page.goBack();
  await expect(page.getByRole("link", { name: "Open Number 51", exact: true })).toBeVisible();
  await page.reload();
  await expect(where.getByRole("status")).toHaveText("51\u2013100 of 120");

  // Others delete most of them: the requested page no longer exists.
  all.splice(40);
  await page.reload();
  await expect(page.getByRole("link", { name: "Open Number 40", exact: true })).toBeVisible();
  await expect(where).toHaveCount(0);
});
