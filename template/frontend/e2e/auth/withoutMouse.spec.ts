import type { Locator } from "@playwright/test";

import { METHODS, ONLY_PASSKEYS, PASSWORD, type Person } from "../support/person";
import { expect, test } from "../support/test";

/** The focused element. */
const focused = ({ page }: Person): Locator => page.locator(":focus");

/** Presses Tab until the element is reached, as somebody without a mouse does. */
async function tabTo({ page }: Person, target: Locator): Promise<void> {
  await expect(async () => {
    await page.keyboard.press("Tab");
    await expect(target).toBeFocused({ timeout: 100 });
  }).toPass({ intervals: [0], timeout: 20_000 });
}

/** Goes to the sign-in page. */
async function atSignIn(ada: Person): Promise<void> {
  await ada.page.goto("/sign-in?next=/account");
  await expect(ada.page.getByRole("heading", { name: "Sign in" })).toBeVisible();
}

test("an account is made without a mouse", async ({ open }) => {
  const ada = await open("Ada");
  await ada.page.goto("/sign-up");
  await tabTo(ada, ada.page.getByLabel("Your name"));
  await ada.page.keyboard.type("Ada");
  await ada.page.keyboard.press("Tab");
  await ada.page.keyboard.type(ada.email);
  if (METHODS.password) {
    await ada.page.keyboard.press("Tab");
    await ada.page.keyboard.type("short");
    // The browser explains it at the field.
    await ada.page.keyboard.press("Enter");
    await expect(ada.page.getByLabel("Password")).toBeFocused();
    await ada.page.keyboard.press("ControlOrMeta+a");
    await ada.page.keyboard.type(PASSWORD);
  }
  await ada.page.keyboard.press("Enter");
  await expect(ada.page.getByLabel("Code")).toBeFocused();
  await ada.page.keyboard.type("AAAA-AAAA");
  await ada.page.keyboard.press("Enter");
  await expect(ada.alert).toContainText("4 tries are left");
  // After an error the keyboard is where it was.
  await expect(ada.page.getByLabel("Code")).toBeFocused();
  await ada.page.keyboard.press("ControlOrMeta+a");
  await ada.page.keyboard.type(await ada.code());
  await ada.page.keyboard.press("Enter");
  await expect(ada.page.getByRole("button", { name: "Ada" })).toBeVisible();
  await expect(ada.page).not.toHaveURL(/\/sign-up/u);
});

test("another form focuses its first field and removes the previous error", async ({
  registered,
}) => {
  test.skip(!METHODS.password || !METHODS.magicLink, "there is one form");
  const ada = await registered("Ada");
  await atSignIn(ada);
  await ada.signIn("not the password");
  await expect(ada.alert).toBeVisible();
  await tabTo(ada, ada.page.getByRole("button", { name: "Use an e-mail link instead" }));
  await ada.page.keyboard.press("Enter");
  await expect(ada.page.getByLabel("E-mail")).toBeFocused();
  await expect(ada.page.getByLabel("E-mail")).toHaveValue(ada.email);
  await expect(ada.alert).toHaveCount(0);
  await ada.page.keyboard.press("Enter");
  await expect(ada.page.getByLabel("Code")).toBeFocused();
  await ada.page.keyboard.type(await ada.code());
  await ada.page.keyboard.press("Enter");
  await ada.isAtAccount();
});

test("the error of a form is not shown on the next page", async ({ registered }) => {
  test.skip(!METHODS.password, "without a password nothing is refused on the sign-in page");
  const ada = await registered("Ada");
  await atSignIn(ada);
  await ada.signIn("not the password");
  await expect(ada.alert).toBeVisible();
  await tabTo(ada, ada.page.getByRole("link", { name: "Forgot your password?" }));
  await ada.page.keyboard.press("Enter");
  await expect(ada.page.getByRole("heading", { name: "Forgot your password?" })).toBeVisible();
  await expect(ada.alert).toHaveCount(0);
  await tabTo(ada, ada.page.getByLabel("E-mail"));
});

test("when a form is replaced by its result, the result gets the focus", async ({ person }) => {
  test.skip(ONLY_PASSKEYS, "the address is changed in the same way");
  const ada = await person("Ada");
  await ada.page.goto("/account");
  const panel = ada.page.getByRole("region", { name: "E-mail address" });
  await tabTo(ada, panel.getByLabel("New e-mail address"));
  await ada.page.keyboard.type(`new-${ada.email}`);
  await ada.page.keyboard.press("Enter");
  await expect(panel.getByLabel("Code")).toBeFocused();
  await ada.page.keyboard.type(await ada.code(`new-${ada.email}`));
  await ada.page.keyboard.press("Enter");
  await expect(ada.page.getByText("Your e-mail address is confirmed.")).toBeVisible();
  await expect(panel).toBeFocused();
  await ada.page.keyboard.press("Tab");
  await expect(panel.getByLabel("New e-mail address")).toBeFocused();
});

test("a dialog keeps the focus inside, and returns it when it closes", async ({ person }) => {
  const ada = await person("Ada");
  await ada.page.goto("/account");
  const opener = ada.page.getByRole("button", { name: "Sign out everywhere" });
  await tabTo(ada, opener);
  await ada.page.keyboard.press("Enter");
  const dialog = ada.page.getByRole("dialog");
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await ada.page.keyboard.press("Tab");
  await expect(dialog.getByRole("button", { name: "Sign out" })).toBeFocused();
  await ada.page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await expect(opener).toBeFocused();
});

test("the account's menu opens, closes and leads to the account", async ({ person }) => {
  const ada = await person("Ada");
  await ada.page.goto("/");
  const menu = ada.page.getByRole("button", { name: "Account: Ada" });
  await tabTo(ada, menu);
  await ada.page.keyboard.press("Enter");
  await expect(ada.page.getByRole("link", { name: "Account" })).toBeVisible();
  await ada.page.keyboard.press("Escape");
  await expect(ada.page.getByRole("link", { name: "Account" })).toBeHidden();
  await expect(menu).toBeFocused();
  await ada.page.keyboard.press("Enter");
  await ada.page.keyboard.press("Tab");
  await expect(ada.page.getByRole("link", { name: "Account" })).toBeFocused();
  await ada.page.keyboard.press("Enter");
  await ada.isAtAccount();
});

test("an authenticator app is set up and used without a mouse", async ({ person }) => {
  test.skip(!METHODS.totp || !METHODS.password, "there is no second step");
  const ada = await person("Ada");
  await ada.page.goto("/account");
  const panel = ada.page.getByRole("region", { name: "Authenticator app" });
  await tabTo(ada, panel.getByRole("button", { name: "Set up" }));
  await ada.page.keyboard.press("Enter");
  await expect(panel.getByRole("img")).toBeVisible();
  await expect(panel).toBeFocused();
  await tabTo(ada, panel.getByLabel("Code of the app"));
  await ada.page.keyboard.type("000000");
  await ada.page.keyboard.press("Enter");
  await expect(ada.alert).toContainText("This code is wrong");
  await expect(focused(ada)).toHaveAccessibleName("Code of the app");
});

test("after “Begin again” the first field has the focus", async ({ registered }) => {
  test.skip(!METHODS.totp || !METHODS.password, "there is no second step");
  const ada = await registered("Ada");
  await atSignIn(ada);
  const step = { status: "second_step", method: "totp", challenge: "none", expires_in: 300 };
  await ada.page.route(/\/auth\/password\/sign-in$/u, (route) => route.fulfill({ json: step }));
  await ada.signIn();
  await expect(ada.page.getByLabel("Code")).toBeFocused();
  await tabTo(ada, ada.page.getByRole("button", { name: "Begin again" }));
  await ada.page.keyboard.press("Enter");
  await expect(focused(ada)).toHaveAttribute("type", /^(email|submit)$/u);
});
