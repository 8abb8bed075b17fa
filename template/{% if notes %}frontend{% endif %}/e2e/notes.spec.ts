import { anyState, closingState, notes, openState, send } from "./support/notes";
import { expect, expectNothingFound, test } from "./support/test";

test("two users see each other and each other's updates at once", async ({ person }) => {
  test.skip(openState === undefined, "no state of this project leaves the session open");
  if (openState === undefined) return;
  const ada = await person("Ada");
  const grace = await person("Grace");
  await grace.join(await ada.start());

  for (const one of [ada, grace]) {
    await expect(one.participants).toHaveCount(2);
    await expect(one.participants.filter({ hasText: "Ada" })).toBeVisible();
    await expect(one.participants.filter({ hasText: "Grace" })).toBeVisible();
  }

  await send(ada, openState, "Shall we?");
  await send(grace, openState, "We shall.");
  for (const one of [ada, grace]) {
    await expect(notes(one).filter({ hasText: "Shall we?" })).toContainText("Ada");
    await expect(notes(one).filter({ hasText: "We shall." })).toContainText("Grace");
    await expect(notes(one)).toHaveCount(2);
  }
  // One order for everybody.
  expect(await notes(ada).allInnerTexts()).toEqual(await notes(grace).allInnerTexts());
});

test("users who join later see all existing notes", async ({ person }) => {
  test.skip(openState === undefined, "no state of this project leaves the session open");
  if (openState === undefined) return;
  const ada = await person("Ada");
  const link = await ada.start();
  await send(ada, openState, "Before you came");
  await expect(notes(ada)).toHaveCount(1);

  const grace = await person("Grace");
  await grace.join(link);
  await expect(notes(grace).filter({ hasText: "Before you came" })).toContainText("Ada");
});

test("every state of the project can be chosen", async ({ person }) => {
  const ada = await person("Ada");
  await ada.start();
  for (const state of [openState, closingState]) {
    if (state === undefined) continue;
    const chooser = ada.page.getByRole("combobox", { name: "State" });
    await expect(chooser.locator(`option[value="${state}"]`)).toBeAttached();
  }
});

test("a refusal of the server is shown, and the session continues", async ({ person }) => {
  if (anyState === undefined) throw new Error("The project has no state.");
  const ada = await person("Ada");
  await ada.start();
  await send(ada, anyState, "far too long ".repeat(100));
  await expect(ada.alert).toBeVisible();
  await ada.alert.getByRole("button", { name: "Dismiss" }).click();
  await expect(ada.alert).toHaveCount(0);
  await expect(ada.status).toHaveText("Connected");
  await expect(notes(ada)).toHaveCount(0);
  // The text is still in the field, to be corrected.
  await expect(ada.page.getByRole("textbox", { name: "Text" })).toHaveValue(/far too long/);
});

test("axe finds nothing in a session with a note and a toast", async ({ person }) => {
  if (anyState === undefined) throw new Error("The project has no state.");
  const ada = await person("Ada");
  await ada.start();
  await send(ada, anyState, "far too long ".repeat(100));
  await expect(ada.alert).toBeVisible();
  if (openState !== undefined) {
    await send(ada, openState, "A note");
    await expect(notes(ada)).toHaveCount(1);
  }
  await expectNothingFound(ada.page, "a session with a note and a toast");
});
