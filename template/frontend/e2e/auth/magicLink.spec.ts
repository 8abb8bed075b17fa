import type { Person } from "../support/person";
import { expect, test } from "../support/test";

const EXPIRED = "has expired or was used already";

/** Asks for a mail with a link. */
async function asking(ada: Person): Promise<void> {
  await ada.page.goto("/sign-in?next=/account");
  await ada.askForLink();
}

async function follow(link: string, { page }: Person): Promise<void> {
  await page.goto(link);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

test("a link signs in where it was asked for, once", async ({ registered }) => {
  const ada = await registered("Ada");
  await asking(ada);
  const link = await ada.link();
  const tab = await ada.page.context().newPage();
  await tab.goto(link);
  await expect(tab).not.toHaveURL(/token/u);
  await tab.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(tab.getByRole("button", { name: "Ada" })).toBeVisible();
  // The tab that asked is signed in as well.
  await ada.isAtAccount();

  await ada.signOut();
  await follow(link, ada);
  await expect(ada.alert).toContainText(EXPIRED);
  await ada.page.getByRole("link", { name: "Ask for a new mail" }).click();
  await expect(ada.page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});

test("a mail that is opened elsewhere signs in by its code", async ({ registered, elsewhere }) => {
  const ada = await registered("Ada");
  await asking(ada);
  const phone = await elsewhere(ada);
  await follow(await ada.link(), phone);
  await expect(phone.alert).toContainText("Type the code of this mail in that browser.");
  await expect(phone.page.getByRole("link", { name: "Ask for a new mail" })).toBeVisible();
  await expect(phone.page.getByRole("button", { name: "Ada" })).toHaveCount(0);

  // As people type it: in small letters, without the hyphen.
  const code = (await ada.code()).replace("-", " ").toLowerCase();
  await ada.page.getByLabel("Code").fill(code);
  await ada.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await ada.isAtAccount();
});

test("wrong codes are counted, and a new mail replaces the old one", async ({ registered }) => {
  const ada = await registered("Ada");
  await asking(ada);
  const [old, link] = [await ada.code(), await ada.link()];
  const type = async (code: string): Promise<void> => {
    await ada.page.getByLabel("Code").fill(code);
    await ada.page.getByRole("button", { name: "Sign in", exact: true }).click();
  };
  await type("AAAA-AAAA");
  await expect(ada.alert).toContainText("4 tries are left");
  await ada.page.getByRole("button", { name: "Send the mail again" }).click();
  await expect(ada.page.getByText("The mail was sent again.")).toBeVisible();
  await type(old);
  await expect(ada.alert.filter({ hasText: "This code is wrong" }).last()).toBeVisible();
  await follow(link, ada);
  await expect(ada.alert).toBeVisible();
  await ada.page.goBack();
  await ada.askForLink();
  await type(await ada.code());
  await ada.isAtAccount();
});

test("an address without an account gets the same page, and a mail that says so", async ({
  open,
}) => {
  const ada = await open("Ada");
  const nobody = `nobody-${ada.email}`;
  await ada.page.goto("/sign-in");
  await ada.askForLink(nobody);
  await expect(ada.page.getByText(`A mail to ${nobody} is on its way.`)).toBeVisible();
  expect((await ada.mails(nobody))[0]?.subject).toMatch(/^No account at /u);
  await ada.page.getByLabel("Code").fill("AAAA-AAAA");
  await ada.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(ada.alert).toContainText("This code is wrong");
});
