import type { Route } from "@playwright/test";

import { PASSWORD, Person } from "./support/person";
import { expect, expectNothingFound, test } from "./support/test";

async function signOut({ page, name }: Person): Promise<void> {
  await page.getByRole("button", { name }).click();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(page.getByRole("link", { name: "Sign in" })).toBeVisible();
  // The last that signing out does; it would lead away from where a test goes next.
  await expect(page).toHaveURL("/");
}

test("visitors have to sign in, and then reach the page they wanted", async ({ person }) => {
  const ada = await person("Ada");
  await signOut(ada);
  await ada.page.goto("/saved");
  await expect(ada.page).toHaveURL(/\/sign-in\?next=(\/|%2F)saved$/);
  await ada.signIn();
  await expect(ada.page.getByRole("heading", { name: "Saved sessions" })).toBeVisible();
});

test("an invite link survives signing up", async ({ person, browser }) => {
  const ada = await person("Ada");
  const link = await ada.start();
  const stranger = new Person("Grace", await (await browser.newContext()).newPage());
  await stranger.page.goto(link);
  await stranger.page.getByRole("link", { name: "Create an account" }).click();
  await stranger.fillInSignUp();
  await expect(ada.participants.filter({ hasText: "Grace" })).toBeVisible();
  await expect(stranger.page).toHaveURL(link);
  await stranger.page.context().close();
});

test("signing in never redirects to another site", async ({ person }) => {
  const ada = await person("Ada");
  await signOut(ada);
  await ada.page.goto(`/sign-in?next=${encodeURIComponent("//example.com/session")}`);
  await ada.signIn();
  await expect(ada.page).toHaveURL("/session");
});

test("a reload keeps the user signed in", async ({ person }) => {
  const ada = await person("Ada");
  await ada.page.reload();
  await expect(ada.page.getByRole("button", { name: "Ada" })).toBeVisible();
  await expect(ada.page.getByRole("heading", { name: "Start a session" })).toBeVisible();
});

test("no token is stored where scripts can read it", async ({ person }) => {
  const ada = await person("Ada");
  const stored = await ada.page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
  expect(stored).not.toMatch(/eyJ|[A-Za-z0-9_-]{32,}/);
  expect(await ada.page.evaluate(() => document.cookie)).toBe("");
});

test("a wrong password is refused without telling whether the account exists", async ({
  person,
}) => {
  const ada = await person("Ada");
  await signOut(ada);
  await ada.page.goto("/sign-in");
  const said: string[] = [];
  for (const email of [ada.email, `nobody-${ada.email}`]) {
    await ada.page.getByLabel("E-mail").fill(email);
    await ada.page.getByLabel("Password").fill("not the password");
    await ada.page.getByRole("button", { name: "Sign in" }).click();
    await expect(ada.alert).toBeVisible();
    said.push(await ada.alert.innerText());
    await ada.alert.getByRole("button", { name: "Dismiss" }).click();
    await expect(ada.alert).toHaveCount(0);
  }
  expect(said[0]).toBe(said[1]);
});

test("the error of a failed sign-in disappears after a successful one", async ({ person }) => {
  const ada = await person("Ada");
  await signOut(ada);
  await ada.page.goto("/sign-in");
  await ada.signIn("not the password");
  await expect(ada.alert).toBeVisible();
  // The focus stays where it was.
  await expect(ada.page.getByRole("button", { name: "Sign in" })).toBeFocused();
  await ada.signIn();
  await expect(ada.page.getByRole("heading", { name: "Start a session" })).toBeVisible();
  await expect(ada.alert).toHaveCount(0);
});

test("signed-in users are redirected away from the sign-in pages", async ({ person }) => {
  const ada = await person("Ada");
  for (const path of ["/sign-in", "/sign-up"]) {
    await ada.page.goto(`${path}?next=/saved`);
    await expect(ada.page.getByRole("heading", { name: "Saved sessions" })).toBeVisible();
  }
  await signOut(ada);
  await ada.page.goto("/settings");
  await ada.page.getByRole("link", { name: "Sign in" }).click();
  await ada.signIn();
  await expect(ada.page.getByRole("heading", { name: "Start a session" })).toBeVisible();
  // The redirect leaves no entry in the history.
  await ada.page.goBack();
  await expect(ada.page.getByRole("heading", { name: "Settings" })).toBeVisible();
});

test("the next user on the same page sees nothing of the previous one", async ({ person }) => {
  const ada = await person("Ada");
  const grace = await person("Grace");
  const kept = { id: "hers", title: "A diary", created_at: "2026-01-05T09:00:00Z" };
  const sessions = [{ ...kept, updated_at: kept.created_at }];
  const list = /\/api\/v1\/sessions\?/u;
  await ada.page.route(list, (route) => route.fulfill({ json: { sessions, total: 1 } }));
  const saved = ada.page.getByRole("banner").getByRole("link", { name: "Saved" });
  await saved.click();
  await expect(ada.page.getByText("A diary")).toBeVisible();

  // Without a reload, which would empty the page's memory.
  await signOut(ada);
  await ada.page.unroute(list);
  const asked = new Promise<Route>((resolve) => void ada.page.route(list, resolve));
  await saved.click();
  await new Person("Grace", ada.page, grace.email).signIn();
  const route = await asked;
  await expect(ada.page.getByText("Loading the list.")).toBeAttached();
  await expect(ada.page.getByText("A diary")).toHaveCount(0);
  await route.continue();
  await expect(ada.page.getByText("No saved sessions yet")).toBeVisible();
});

test("signing out in one tab ends the session in another", async ({ person }) => {
  const ada = await person("Ada");
  await ada.start();
  const other = await ada.page.context().newPage();
  await other.goto("/");
  await other.getByRole("button", { name: "Ada" }).click();
  await other.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(ada.page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expect(ada.status).not.toHaveText("Connected");
});

test("the profile is changed on the account page", async ({ person }) => {
  const ada = await person("Ada");
  await ada.page.getByRole("button", { name: "Ada" }).click();
  await ada.page.getByRole("link", { name: "Account" }).click();
  await ada.page.getByLabel("Name", { exact: true }).fill("Countess");
  await ada.page.getByRole("button", { name: "Save profile" }).click();
  await expect(ada.page.getByText("Profile saved.")).toBeVisible();
  await expect(ada.page.getByRole("button", { name: "Countess" })).toBeVisible();
});

test("a new password replaces the old one", async ({ person }) => {
  const ada = await person("Ada");
  const fresh = `${PASSWORD}, again`;
  await ada.page.goto("/account");
  await ada.page.getByLabel("Current password").fill(PASSWORD);
  await ada.page.getByLabel("New password").fill(fresh);
  // Pressed twice, it is changed once.
  await ada.page.getByRole("button", { name: "Change password" }).dblclick();
  await expect(ada.page.getByText("Password changed.")).toBeVisible();

  await signOut(ada);
  await ada.page.goto("/sign-in");
  await ada.signIn();
  await expect(ada.alert).toBeVisible();
  await ada.signIn(fresh);
  await expect(ada.page.getByRole("heading", { name: "Start a session" })).toBeVisible();
});

test("signing out everywhere ends a session on another device", async ({ person, browser }) => {
  const ada = await person("Ada");
  await ada.start();
  const phone = await (await browser.newContext()).newPage();
  await phone.goto("/sign-in?next=/account");
  await phone.getByLabel("E-mail").fill(ada.email);
  await phone.getByLabel("Password").fill(PASSWORD);
  await phone.getByRole("button", { name: "Sign in" }).click();
  await phone.getByRole("button", { name: "Sign out everywhere" }).click();
  await phone.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
  await expect(phone.getByText("Signed out on every device.")).toBeVisible();
  await expect(ada.status).not.toHaveText("Connected");
  await phone.context().close();
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing in the account's menu and dialog (${colorScheme})`, async ({
    person,
  }) => {
    const name = "Maximiliane von Hohenstein zu \u00d6sterreich";
    const { page } = await person(name, { reducedMotion: "reduce", colorScheme });
    await page.goto("/account");
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await page.getByRole("button", { name: `Account: ${name}` }).click();
    await expect(page.getByRole("button", { name: "Sign out", exact: true })).toBeVisible();
    await expectNothingFound(page, "the account's menu");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Sign out everywhere" }).click();
    await expectNothingFound(page, "the dialog before signing out everywhere");
  });
}
