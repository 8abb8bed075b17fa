import type { Route } from "@playwright/test";

import { ONLY_PASSKEYS, Person, START, unique } from "../support/person";
import { expect, expectNothingFound, test } from "../support/test";

test.describe("signing in again", () => {
  test.skip(ONLY_PASSKEYS, "a mail leads to the account; passkeys are in passkey.spec.ts");

  test("leads to the page that was requested", async ({ registered }) => {
    const ada = await registered("Ada");
    await ada.page.goto("/account");
    await expect(ada.page).toHaveURL(/\/sign-in\?next=(\/|%2F)account$/);
    await ada.signIn();
    await ada.isAtAccount();
  });

  test("never leads to another site", async ({ registered }) => {
    const ada = await registered("Ada");
    // The last one is read as the first one by browsers, which leave tabs out.
    for (const next of ["//example.com", "/\\example.com", "/\t/example.com"]) {
      await ada.page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
      await ada.signIn();
      await expect(ada.page).toHaveURL(START.path);
      await ada.signOut();
    }
  });

  test("leaves no sign-in page in the history", async ({ registered }) => {
    const ada = await registered("Ada");
    await ada.page.goto("/settings");
    // A link that is followed before the first page is shown takes that page's place in the history.
    const settings = ada.page.getByRole("heading", { name: "Settings" });
    await expect(settings).toBeVisible();
    await ada.page.getByRole("link", { name: "Sign in" }).click();
    await ada.signIn();
    await expect(ada.page.getByRole("heading", { name: START.heading })).toBeVisible();
    await ada.page.goBack();
    await expect(settings).toBeVisible();
  });

  test("as another user shows no data of the previous user", async ({ person, registered }) => {
    const ada = await person("Ada");
    const grace = await registered("Grace");
    const device = {
      id: "hers",
      browser: "A secret browser",
      address: "10.1.1.1",
      methods: "mail",
      signed_in_at: "2026-01-05T09:00:00Z",
      last_used_at: "2026-01-05T09:00:00Z",
      is_this: false,
    };
    const list = /\/api\/v1\/auth\/devices$/u;
    await ada.page.route(list, (route) => route.fulfill({ json: { devices: [device] } }));
    const toAccount = async (name: string): Promise<void> => {
      await ada.page.getByRole("button", { name }).click();
      await ada.page.getByRole("link", { name: "Account" }).click();
    };
    await ada.page.goto("/");
    await toAccount("Ada");
    await expect(ada.page.getByText(device.browser)).toBeVisible();

    // Without a reload, which would empty the page's memory.
    await ada.signOut();
    await ada.page.unroute(list);
    const asked = new Promise<Route>((resolve) => void ada.page.route(list, resolve));
    await ada.page.getByRole("link", { name: "Sign in" }).click();
    await new Person("Grace", ada.page, grace.email).signIn();
    await toAccount("Grace");
    const route = await asked;
    await expect(ada.page.getByText(device.browser)).toHaveCount(0);
    await route.continue();
    await expect(ada.page.getByText("This device")).toBeVisible();
  });
});

test("signed-in users are redirected away from the sign-in pages", async ({ person }) => {
  const ada = await person("Ada");
  for (const path of ["/sign-in", "/sign-up"]) {
    await ada.page.goto(`${path}?next=/account`);
    await ada.isAtAccount();
  }
});

test("users stay signed in after a reload", async ({ open }) => {
  const ada = await open("Ada");
  await ada.signUp();
  await ada.page.reload();
  await expect(ada.page.getByRole("button", { name: "Ada" })).toBeVisible();
  await expect(ada.page.getByRole("heading", { name: START.heading })).toBeVisible();
});

test("no token is left where a script of another page could find it", async ({ open }) => {
  const ada = await open("Ada");
  await ada.signUp();
  const stored = await ada.page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
  expect(stored).not.toMatch(/eyJ|[A-Za-z0-9_-]{32,}/);
  expect(await ada.page.evaluate(() => document.cookie)).toBe("");
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
  await ada.page.goto("/");
  await ada.page.getByRole("button", { name: "Ada" }).click();
  await ada.page.getByRole("link", { name: "Account" }).click();
  await ada.page.getByLabel("Name", { exact: true }).fill("Countess");
  await ada.page.getByRole("button", { name: "Save profile" }).click();
  await expect(ada.page.getByText("Profile saved.")).toBeVisible();
  await expect(ada.page.getByRole("button", { name: "Countess" })).toBeVisible();
});

test("a name that looks like markup is shown as text", async ({ person }) => {
  const name = "<b>Ada</b> &amp;";
  const ada = await person(name);
  await ada.page.goto("/account");
  await expect(ada.page.getByLabel("Name", { exact: true })).toHaveValue(name);
  await expect(ada.page.getByRole("button", { name: `Account: ${name}` })).toBeVisible();
});

test("a new e-mail address is used once it is confirmed, and a mail informs the old address", async ({
  person,
}) => {
  const ada = await person("Ada");
  const address = `${unique("new")}@example.com`;
  await ada.page.goto("/account");
  const panel = ada.page.getByRole("region", { name: "E-mail address" });
  await panel.getByLabel("New e-mail address").fill(address);
  await panel.getByRole("button", { name: "Change address" }).click();
  await expect(panel.getByText(`A mail to ${address}`)).toBeVisible();
  await expect(panel.getByText(ada.email)).toBeVisible();

  // A wrong code costs one try.
  await panel.getByLabel("Code").fill("AAAA-AAAA");
  await panel.getByRole("button", { name: "Confirm" }).click();
  await expect(ada.alert).toContainText("4 tries are left");
  await ada.confirm("Confirm", address);
  await expect(ada.page.getByText("Your e-mail address is confirmed.")).toBeVisible();
  await expect(panel.getByText(address)).toBeVisible();
  const subjects = (await ada.mails()).map(({ subject }) => subject).join();
  expect(subjects).toMatch(/Another address for your account/u);
});

/** Signs in, which leads to the page of the account. */
async function openAccount(one: Person): Promise<void> {
  await one.page.goto("/sign-in?next=/account");
  await one.signIn();
}

test("another device is signed out from the list, which ends its session", async ({
  person,
  elsewhere,
}) => {
  const ada = await person("Ada");
  await ada.start();
  const phone = await elsewhere(ada);
  await openAccount(phone);
  const devices = phone.page.getByRole("list", { name: "Devices" }).getByRole("listitem");
  await expect(devices).toHaveCount(2);
  await expect(devices.filter({ hasText: "This device" })).toHaveCount(1);
  await devices.getByRole("button", { name: /^Sign out: / }).click();
  await expect(phone.page.getByText("Signed out on that device.")).toBeVisible();
  await expect(devices).toHaveCount(1);
  // The button was removed; the focus stays near the list.
  await expect(phone.page.getByRole("region", { name: "Devices" })).toBeFocused();
  await expect(ada.alert).toContainText("You are not signed in any more");
  await expect(ada.status).not.toHaveText("Connected");
  await phone.page.reload();
  await expect(phone.page.getByRole("button", { name: "Ada" })).toBeVisible();
});

test("signing out everywhere reaches a session on another device", async ({
  person,
  elsewhere,
}) => {
  const ada = await person("Ada");
  await ada.start();
  const phone = await elsewhere(ada);
  await openAccount(phone);
  await phone.page.getByRole("button", { name: "Sign out everywhere" }).click();
  await phone.page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
  await expect(phone.page.getByText("Signed out on every device.")).toBeVisible();
  await expect(ada.status).not.toHaveText("Connected");
});

test("users with an account are not asked for a display name", async ({ person }) => {
  const { page } = await person("Ada");
  await page.goto("/settings");
  await expect(page.getByRole("heading", { name: "Connection" })).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Display name" })).toHaveCount(0);
  await page.goto(START.path);
  await expect(page.getByRole("heading", { name: START.heading })).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Your name" })).toHaveCount(0);
});

test("a page that is loaded while the server is unreachable returns to its session", async ({
  person,
}) => {
  const ada = await person("Ada");
  const link = await ada.start();
  await ada.page.route("**/api/v1/auth/refresh", (route) => route.abort());
  await ada.page.reload();
  await expect(ada.alert).toHaveText("The server cannot be reached. Try again in a moment.");
  await ada.page.unroute("**/api/v1/auth/refresh");
  await ada.isIn();
  await expect(ada.page).toHaveURL(link);
});

test("axe finds nothing in the account's menu and dialog", async ({ person }) => {
  const name = "Maximiliane von Hohenstein zu Österreich";
  const { page } = await person(name);
  await page.goto("/account");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.getByRole("button", { name: `Account: ${name}` }).click();
  await expect(page.getByRole("button", { name: "Sign out", exact: true })).toBeVisible();
  await expectNothingFound(page, "the account's menu");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await expectNothingFound(page, "the dialog before signing out everywhere");
});
