import type { Locator } from "@playwright/test";

import { isolated, METHODS, ONLY_PASSKEYS, PASSWORD, type Person } from "../support/person";
import {
  expect,
  expectNothingFound,
  NO_SERVER,
  OwnServer,
  PHONE,
  test as base,
} from "../support/test";

const ADMIN = "admin@example.com";
/** As long as a name can be, and with a word that is wider than a phone. */
const LONG =
  "Maximiliane von Hohenstein, Donaudampfschifffahrtselektrizitätenhauptgesellschaft".slice(0, 80);
const BY_MAIL = "these tests sign in by a mail of recovery, which leads to the account page";

interface Fixtures {
  /** The first admin, signed in, at the list of all users. */
  admin: Person;
}

interface WorkerFixtures {
  /** A server with an admin and few other accounts. */
  server: OwnServer;
}

const test = base.extend<Fixtures, WorkerFixtures>({
  server: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads from it which fixtures are needed
    async ({}, use) => {
      const password = METHODS.password ? { FIRST_ADMIN_PASSWORD: PASSWORD } : {};
      const server = await OwnServer.open({ settings: { FIRST_ADMIN_EMAIL: ADMIN, ...password } });
      await use(server);
      await server.close();
    },
    { scope: "worker" },
  ],
  admin: async ({ open, server }, use) => {
    const admin = await open("Admin", ADMIN, { baseURL: server.url });
    await admin.page.goto("/users");
    await admin.signIn();
    if (ONLY_PASSKEYS) {
      await admin.isAtAccount();
      await admin.page.goto("/users");
    }
    await expect(admin.page.getByRole("heading", { name: "Users" })).toBeVisible();
    await use(admin);
  },
});

test.skip(NO_SERVER !== false, NO_SERVER || "");
// One after the other in one worker, so that they share one server.
test.describe.configure({ mode: "default" });

const rowOf = (admin: Person, one: Person): Locator =>
  admin.page.getByRole("listitem").filter({ hasText: one.email });

async function press(admin: Person, label: string, one: Person): Promise<void> {
  await admin.page.getByRole("button", { name: `${label}: ${one.email}` }).click();
}

async function confirm(admin: Person, label: string): Promise<void> {
  const dialog = admin.page.getByRole("dialog");
  await dialog.getByRole("button", { name: label, exact: true }).click();
  await expect(dialog).toHaveCount(0);
}

/** Tries to sign in on the sign-in page. Without passwords, only the mail gives the reason. */
async function cannotSignIn(one: Person): Promise<void> {
  if (METHODS.password) {
    await one.signIn();
    await expect(one.alert).toBeVisible();
    return;
  }
  await one.askForLink();
  await expect.poll(async () => (await one.mails())[0]?.subject).toContain("is deactivated");
  await one.page.reload();
}

test("only admins see the list of users; others are told so", async ({ admin, person, server }) => {
  await expect(admin.page).toHaveTitle(/^Users · /u);
  await admin.page.goto("/");
  await admin.page.getByRole("banner").getByRole("link", { name: "Users" }).click();
  await expect(rowOf(admin, admin)).toContainText(
    "Only another admin can change your own account.",
  );

  const grace = await person("Grace", { baseURL: server.url });
  const asked: string[] = [];
  grace.page.on("request", (request) => {
    if (/\/api\/v1\/users(\?|$)/u.test(request.url())) asked.push(request.url());
  });
  await grace.page.goto("/");
  await expect(grace.page.getByRole("link", { name: "Settings" }).first()).toBeVisible();
  await expect(grace.page.getByRole("link", { name: "Users" })).toHaveCount(0);
  await grace.page.goto("/users");
  await expect(grace.page.getByText("Only admins see this page")).toBeVisible();
  expect(asked).toEqual([]);
});

test("a deactivated user is told so in an open session, and can return when active again", async ({
  admin,
  person,
  server,
}) => {
  test.skip(ONLY_PASSKEYS, BY_MAIL);
  const grace = await person("Grace", { baseURL: server.url });
  const link = await grace.start();
  await admin.page.reload();
  await press(admin, "Deactivate", grace);
  await confirm(admin, "Deactivate");
  await expect(rowOf(admin, grace)).toContainText("Deactivated");
  await expect(
    admin.page.getByText(`${isolated("Grace")} was deactivated and signed out.`),
  ).toBeVisible();

  await expect(grace.alert).toHaveText(/You are not signed in any more/u);
  await expect(grace.status).toHaveText("Session ended");
  await expect(grace.page).toHaveURL(link);
  await grace.page.getByRole("button", { name: "Sign in" }).click();
  await cannotSignIn(grace);
  await expect(grace.page).toHaveURL(/\/sign-in/u);

  await press(admin, "Activate", grace);
  await expect(rowOf(admin, grace)).not.toContainText("Deactivated");
  await grace.signIn();
  await grace.isIn();
  await expect(grace.page).toHaveURL(link);
});

test("an admin adds and removes another admin", async ({ admin, person, server }) => {
  test.skip(ONLY_PASSKEYS, BY_MAIL);
  const grace = await person("Grace", { baseURL: server.url });
  await admin.page.reload();
  await press(admin, "Make admin", grace);
  await expect(admin.page.getByText(`${isolated("Grace")} is an admin now.`)).toBeVisible();
  await grace.page.goto("/users");
  await expect(grace.page.getByRole("listitem").filter({ hasText: ADMIN })).toBeVisible();

  await press(admin, "Remove admin", grace);
  await confirm(admin, "Remove admin");
  // The former admin's page notices it at its next request.
  await grace.page.getByRole("button", { name: `Deactivate: ${ADMIN}` }).click();
  await grace.page.getByRole("dialog").getByRole("button", { name: "Deactivate" }).click();
  await expect(grace.page).toHaveURL(/\/sign-in\?next=(\/|%2F)users$/u);
  await grace.signIn();
  await expect(grace.page.getByText("Only admins see this page")).toBeVisible();
});

test("an admin adds and finds a user, who signs in through the invitation", async ({
  admin,
  open,
  server,
}) => {
  const grace = await open("Grace", undefined, { baseURL: server.url });
  await admin.page.getByRole("button", { name: "Add a user" }).click();
  const dialog = admin.page.getByRole("dialog", { name: "Add a user" });
  await dialog.getByLabel("Name").fill("Grace");
  await dialog.getByLabel("E-mail", { exact: true }).fill(ADMIN);
  await dialog.getByRole("button", { name: "Add user" }).click();
  await expect(dialog.getByRole("alert")).toContainText("There is an account");
  await dialog.getByLabel("E-mail", { exact: true }).fill(grace.email);
  await dialog.getByRole("button", { name: "Add user" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(admin.page.getByText(`An invitation to ${isolated(grace.email)}`)).toBeVisible();

  const search = admin.page.getByRole("searchbox", { name: "Name or e-mail address" });
  await search.fill("nobody at all");
  await search.press("Enter");
  await expect(admin.page.getByText("No account matches “nobody at all”.")).toBeVisible();
  await search.fill(grace.email.toUpperCase());
  await search.press("Enter");
  await expect(admin.page.getByRole("list", { name: "Users" }).getByRole("listitem")).toHaveCount(
    1,
  );
  await admin.page.reload();
  await expect(search).toHaveValue(grace.email.toUpperCase());

  // The first link ends with the second one.
  await grace.page.goto("/");
  const first = await grace.link();
  await press(admin, "Invite again", grace);
  await expect.poll(async () => (await grace.mails()).length).toBe(2);
  await grace.page.goto(first);
  const accept = grace.page.getByRole("button", { name: "Accept the invitation" });
  await accept.click();
  await expect(grace.alert).toContainText("has expired or was used already");
  await grace.page.goto("/");
  await grace.page.goto(await grace.link());
  await accept.click();
  await grace.isAtAccount();

  await grace.start();
  await admin.page.reload();
  await expect(rowOf(admin, grace).getByRole("button", { name: /^Invite again/u })).toHaveCount(0);
  await press(admin, "Sign out", grace);
  await confirm(admin, "Sign out");
  await expect(admin.page.getByText(`${isolated("Grace")} was signed out.`)).toBeVisible();
  await expect(grace.alert).toContainText("You are not signed in any more");

  await admin.page.getByRole("link", { name: "Audit log" }).click();
  const entries = admin.page.getByRole("list", { name: "Audit log" }).getByRole("listitem");
  const about = entries.filter({ hasText: grace.email });
  await expect(about).toHaveText([
    new RegExp(`^Signed out everywhere: ${grace.email}.*by ${isolated(ADMIN)}`, "u"),
    /^Invited: /u,
    /^Invited: /u,
    /^Account created: /u,
  ]);
});

test("by keyboard, the focus returns after a dialog", async ({ admin, person, server }) => {
  const grace = await person("Grace", { baseURL: server.url });
  await admin.page.reload();
  const deactivate = admin.page.getByRole("button", { name: `Deactivate: ${grace.email}` });
  await deactivate.press("Enter");
  await expect(
    admin.page.getByRole("dialog", { name: `Deactivate ${isolated("Grace")}?` }),
  ).toBeVisible();
  await admin.page.keyboard.press("Escape");
  await expect(deactivate).toBeFocused();
  await admin.page.keyboard.press("Shift+Tab");
  await expect(
    admin.page.getByRole("button", { name: `Make admin: ${grace.email}` }),
  ).toBeFocused();
  await admin.page.keyboard.press("Enter");
  await expect(
    admin.page.getByRole("button", { name: `Remove admin: ${grace.email}` }),
  ).toBeFocused();
});

test("axe finds nothing in light and dark and on a phone, where everything fits", async ({
  admin,
  person,
  server,
}) => {
  test.slow();
  const { page } = admin;
  const grace = await person("Grace", { baseURL: server.url });
  const long = await person(LONG, { baseURL: server.url });
  await page.reload();
  await press(admin, "Make admin", grace);
  await press(admin, "Deactivate", grace);
  await confirm(admin, "Deactivate");
  await expect(rowOf(admin, grace)).toContainText("Deactivated");
  await expectNothingFound(page, "the users");
  await press(admin, "Remove admin", grace);
  await expect(page.getByRole("dialog")).toBeVisible();
  await expectNothingFound(page, "the question");
  await page.setViewportSize(PHONE);
  await page.reload();
  await expect(rowOf(admin, grace)).toBeVisible();
  await expectNothingFound(page, "the users on a phone");
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(PHONE.width);
  const dock = page.getByRole("navigation", { name: "Pages" });
  await expect(dock.getByRole("link", { name: "Users" })).toBeVisible();

  await press(admin, "Deactivate", long);
  const box = page.getByRole("dialog").locator(".modal-box");
  await expect(box).toBeVisible();
  const cutOff = await box.evaluate((element) => element.scrollWidth - element.clientWidth);
  expect(cutOff, "a long name in the question is cut off").toBe(0);
});
