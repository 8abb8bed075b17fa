import { PASSWORD, START } from "../support/person";
import { expect, test } from "../support/test";

const FRESH = `${PASSWORD}, again`;

test("a wrong password is refused without telling whether the account exists", async ({
  registered,
}) => {
  const ada = await registered("Ada");
  await ada.page.goto("/sign-in");
  const said: string[] = [];
  for (const email of [ada.email, `nobody-${ada.email}`]) {
    await ada.page.getByLabel("E-mail").fill(email);
    await ada.page.getByLabel("Password").fill("not the password");
    await ada.page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(ada.alert).toBeVisible();
    said.push(await ada.alert.innerText());
    await ada.alert.getByRole("button", { name: "Dismiss" }).click();
    await expect(ada.alert).toHaveCount(0);
  }
  expect(said[0]).toBe(said[1]);
});

test("a correct password removes the error of a wrong one", async ({ registered }) => {
  const ada = await registered("Ada");
  await ada.page.goto("/sign-in");
  await ada.signIn("not the password");
  await expect(ada.alert).toBeVisible();
  // The focus stays where it was.
  await expect(ada.page.getByRole("button", { name: "Sign in", exact: true })).toBeFocused();
  await ada.signIn();
  await expect(ada.page.getByRole("heading", { name: START.heading })).toBeVisible();
  await expect(ada.alert).toHaveCount(0);
});

test("signing in works with the keyboard alone", async ({ registered }) => {
  const ada = await registered("Ada");
  await ada.page.goto("/sign-in");
  await ada.page.getByLabel("E-mail").focus();
  await ada.page.keyboard.type(ada.email);
  await ada.page.keyboard.press("Tab");
  await ada.page.keyboard.type(PASSWORD);
  await ada.page.keyboard.press("Enter");
  await expect(ada.page.getByRole("heading", { name: START.heading })).toBeVisible();
});

test("a password can be pasted, and its fields tell password managers what they are", async ({
  person,
}) => {
  const ada = await person("Ada");
  await ada.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await ada.page.goto("/account");
  await ada.page.evaluate((text) => navigator.clipboard.writeText(text), PASSWORD);
  for (const [label, purpose] of [
    ["Current password", "current-password"],
    ["New password", "new-password"],
  ] as const) {
    const field = ada.page.getByLabel(label);
    await expect(field).toHaveAttribute("type", "password");
    await expect(field).toHaveAttribute("autocomplete", purpose);
    await field.focus();
    await ada.page.keyboard.press("ControlOrMeta+v");
    await expect(field).toHaveValue(PASSWORD);
  }
});

test("a new password replaces the old one", async ({ person }) => {
  const ada = await person("Ada");
  await ada.page.goto("/account");
  await ada.page.getByLabel("Current password").fill(PASSWORD);
  await ada.page.getByLabel("New password").fill(FRESH);
  // Pressed twice, it is changed once.
  await ada.page.getByRole("button", { name: "Change password" }).dblclick();
  await expect(ada.page.getByText("Password changed.")).toBeVisible();

  await ada.signOut();
  await ada.page.goto("/sign-in");
  await ada.signIn();
  await expect(ada.alert).toBeVisible();
  await ada.signIn(FRESH);
  await expect(ada.page.getByRole("heading", { name: START.heading })).toBeVisible();
});

test("a forgotten password is replaced with the code of a mail", async ({ person, elsewhere }) => {
  const ada = await person("Ada");
  await ada.start();
  const phone = await elsewhere(ada);
  await phone.page.goto("/sign-in?next=/account");
  // The address that was typed already is not asked for again.
  await phone.page.getByLabel("E-mail").fill(ada.email);
  await phone.follow("Forgot your password?");
  await expect(phone.page.getByLabel("E-mail")).toHaveValue(ada.email);
  await phone.page.getByRole("button", { name: "E-mail me a link" }).click();
  await expect(phone.page.getByLabel("Code")).toBeFocused();

  const save = phone.page.getByRole("button", { name: "Save password" });
  await phone.page.getByLabel("Code").fill(await phone.code());
  await phone.page.getByLabel("New password").fill("password1234567");
  await save.click();
  await expect(phone.alert).toBeVisible();
  // The refused password used nothing up.
  await phone.page.getByLabel("New password").fill(FRESH);
  await save.click();
  await phone.isAtAccount();
  await expect(ada.status).not.toHaveText("Connected");
});

test("a forgotten password is replaced with the link of a mail, once", async ({
  registered,
  elsewhere,
}) => {
  const ada = await registered("Ada");
  const phone = await elsewhere(ada);
  await phone.page.goto("/recover");
  await phone.askForLink();
  const link = await phone.link();
  const tab = await phone.page.context().newPage();
  await tab.goto(link);
  await expect(tab).not.toHaveURL(/token/u);
  await tab.getByLabel("New password").fill(FRESH);
  await tab.getByRole("button", { name: "Save password" }).click();
  await expect(tab.getByRole("heading", { name: START.heading })).toBeVisible();

  await tab.goto(link);
  await tab.getByLabel("New password").fill(PASSWORD);
  await tab.getByRole("button", { name: "Save password" }).click();
  await expect(tab.getByRole("alert")).toContainText("has expired or was used already");
  await expect(tab.getByRole("link", { name: "Ask for a new mail" })).toBeVisible();
});

test("a change that needs a recent sign-in asks for the password first", async ({ person }) => {
  const ada = await person("Ada");
  await ada.page.goto("/account");
  const notFresh = { error: "Please sign in once more.", code: "not_fresh", details: [] };
  await ada.page.route(
    /\/auth\/email\/change$/u,
    (route) => route.fulfill({ status: 403, json: notFresh }),
    { times: 1 },
  );
  await ada.page.getByLabel("New e-mail address").fill(`new-${ada.email}`);
  await ada.page.getByRole("button", { name: "Change address" }).click();
  const dialog = ada.page.getByRole("dialog", { name: "Is it you?" });
  const confirm = dialog.getByRole("button", { name: "Confirm with password" });
  await dialog.getByLabel("Password").fill("not the password");
  await confirm.click();
  await expect(dialog.getByRole("alert")).toBeVisible();
  await dialog.getByLabel("Password").fill(PASSWORD);
  await confirm.click();
  await expect(dialog).toHaveCount(0);
  await expect(ada.page.getByText(`A mail to new-${ada.email}`)).toBeVisible();
});
