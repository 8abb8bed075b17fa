import { type Person, SIGN_IN, unique } from "./support/person";
import { expect, expectNothingFound, PHONE, test } from "./support/test";

test("a session without a name gets an unguessable address", async ({ person }) => {
  const ada = await person("Ada");
  const link = await ada.start();

  expect(new URL(link).pathname).toMatch(/^\/session\/[A-Za-z0-9_-]{16,64}$/);
  await expect(ada.page.getByRole("heading", { level: 1 })).toBeVisible();
});

test("before and after a session the page shows that no session is open", async ({ person }) => {
  const ada = await person("Ada");
  await ada.page.goto("/");
  await expect(ada.status).toHaveText("No session");
  await ada.start();
  await expect(ada.status).toHaveText("Connected");
  await ada.page.getByRole("button", { name: "End session" }).click();
  await expect(ada.status).toHaveText("Session ended");
});

test("a session's name is its address, and an invalid name is explained", async ({ person }) => {
  const ada = await person("Ada");
  await ada.page.goto("/session");
  if (!SIGN_IN) await ada.page.getByRole("textbox", { name: "Your name" }).fill("Ada");
  const field = ada.page.getByRole("textbox", { name: "Session name (optional)" });
  await field.fill("what?!");
  await field.press("Enter");
  await expect(ada.alert).toContainText("letters, digits, hyphens");

  const name = unique("stand-up");
  await field.fill(name.replace("-", " "));
  await field.press("Enter");
  await ada.isIn();
  await expect(ada.page).toHaveURL(new RegExp(`/session/${name}$`));
  await expect(ada.page.getByRole("heading", { level: 1, name })).toBeVisible();
});

test("two participants see each other", async ({ person }) => {
  const ada = await person("Ada");
  const grace = await person("Grace");
  await grace.join(await ada.start());

  for (const one of [ada, grace]) {
    await expect(one.participants).toHaveCount(2);
    await expect(one.participants.filter({ hasText: "Ada" })).toBeVisible();
    await expect(one.participants.filter({ hasText: "Grace" })).toBeVisible();
  }
});

test("the invite link is copied", async ({ person }) => {
  const ada = await person("Ada", { permissions: ["clipboard-read", "clipboard-write"] });
  const link = await ada.start();
  await ada.page.getByRole("button", { name: "Copy invite link" }).click();
  await expect(ada.page.getByText("Invite link copied.")).toBeVisible();
  expect(await ada.page.evaluate(() => navigator.clipboard.readText())).toBe(link);
});

test("going to another page leaves the session", async ({ person }) => {
  const ada = await person("Ada");
  const grace = await person("Grace");
  await grace.join(await ada.start());
  await expect(ada.participants).toHaveCount(2);

  await grace.page.getByRole("navigation").getByRole("link", { name: "Settings" }).click();
  await expect(grace.page.getByRole("heading", { name: "Settings" })).toBeVisible();
  await expect(ada.participants).toHaveCount(1);

  await grace.page.goBack();
  await grace.isIn();
  await expect(ada.participants).toHaveCount(2);
});

test("closing the tab leaves the session", async ({ person }) => {
  const ada = await person("Ada");
  const grace = await person("Grace");
  await grace.join(await ada.start());
  await expect(ada.participants).toHaveCount(2);

  await grace.page.close({ runBeforeUnload: true });
  await expect(ada.participants).toHaveCount(1);
});

test("a reloaded page is in the session once", async ({ person }) => {
  const ada = await person("Ada");
  const grace = await person("Grace");
  await grace.join(await ada.start());
  await grace.page.reload();
  await grace.isIn();
  await expect(grace.participants).toHaveCount(2);
  await expect(ada.participants).toHaveCount(2);
});

test("after ending the session the user is told so and can start a new one", async ({ person }) => {
  const ada = await person("Ada");
  const grace = await person("Grace");
  await grace.join(await ada.start());

  await grace.page.getByRole("button", { name: "End session" }).click();
  await expect(grace.status).toHaveText("Session ended");
  await expect(grace.alert).toBeVisible();
  // The button was removed; the focus moves to the page.
  await expect(grace.page.getByRole("main")).toBeFocused();
  await expect(ada.participants).toHaveCount(1);
  await expect(ada.status).toHaveText("Connected");

  await grace.page.getByRole("button", { name: "Start a new session" }).click();
  await expect(grace.page.getByRole("heading", { name: "Start a session" })).toBeVisible();
});

test("an invite link survives signing up", async ({ person, open }) => {
  test.skip(!SIGN_IN, "anybody may open a session");
  const ada = await person("Ada");
  const link = await ada.start();
  const stranger = await open("Grace");
  await stranger.page.goto(link);
  await stranger.page.getByRole("link", { name: "Create an account" }).click();
  await stranger.fillInSignUp();
  await expect(ada.participants.filter({ hasText: "Grace" })).toBeVisible();
  await expect(stranger.page).toHaveURL(link);
});

test("an id that no session can have is an unknown address", async ({ person }) => {
  const { page } = await person("Ada");
  await page.goto("/session/no%20such%20id");
  await expect(page.getByRole("heading", { name: "Page not found" })).toBeVisible();
  await expect(page).toHaveTitle(/^Page not found/u);
});

test("a display name is kept and used for the next session", async ({ person }) => {
  test.skip(SIGN_IN, "a participant with an account has the account's name");
  const { page } = await person("Ada");
  await page.goto("/settings");
  await page.getByRole("textbox", { name: "Display name" }).fill("Countess");
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByText("Name saved.")).toBeVisible();
  await page.goto("/session");
  await expect(page.getByRole("textbox", { name: "Your name" })).toHaveValue("Countess");
});

test("a name of spaces is refused", async ({ person }) => {
  test.skip(SIGN_IN, "a participant with an account has the account's name");
  const { page } = await person("Ada");
  await page.goto("/session");
  const name = page.getByRole("textbox", { name: "Your name" });
  await name.fill("   ");
  await page.getByRole("button", { name: "Start session" }).click();
  await expect(name).toBeFocused();
  expect(await name.evaluate((field: HTMLInputElement) => field.validity.valid)).toBe(false);
  await expect(page).toHaveURL("/session");
});

async function expectNothingInSession(ada: Person): Promise<void> {
  await ada.start();
  await expectNothingFound(ada.page, "an open session");
  await ada.page.getByRole("button", { name: "End session" }).click();
  await expect(ada.status).toHaveText("Session ended");
  await expectNothingFound(ada.page, "an ended session");
}

test.describe("axe finds nothing", () => {
  test.slow();

  test("in a session, light or dark", async ({ person }) => {
    await expectNothingInSession(await person("Ada"));
  });

  test("in a session on a phone", async ({ person }) => {
    await expectNothingInSession(await person("Ada", { viewport: PHONE }));
  });
});
