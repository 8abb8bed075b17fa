import { createHmac } from "node:crypto";

import { expect, type Locator } from "@playwright/test";

import { METHODS, type Person, START } from "../support/person";
import { test } from "../support/test";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The code of the authenticator app, `later` steps of 30 seconds from now. The server accepts the next step too. */
function appCode(secret: string, later = 0): string {
  const bits = Array.from(secret, (letter) => LETTERS.indexOf(letter).toString(2).padStart(5, "0"));
  const bytes = bits.join("").match(/.{8}/gu) ?? [];
  const key = Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const hash = createHmac("sha1", key).update(step).digest();
  const number = hash.readUInt32BE((hash.at(-1) ?? 0) & 15) & 0x7fff_ffff;
  return String(number % 1_000_000).padStart(6, "0");
}

const panelOf = ({ page }: Person): Locator =>
  page.getByRole("region", { name: "Authenticator app" });

interface App {
  secret: string;
  /** The code that turned it on. */
  used: string;
  recoveryCodes: string[];
}

async function setUp(ada: Person): Promise<App> {
  await ada.page.goto("/account");
  const panel = panelOf(ada);
  await panel.getByRole("button", { name: "Set up" }).click();
  const secret = await panel.locator("code").innerText();
  const used = appCode(secret);
  await panel.getByLabel("Code of the app").fill(used);
  await panel.getByRole("button", { name: "Turn on" }).click();
  const list = panel.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
  await expect(list).toHaveCount(10);
  return { secret, used, recoveryCodes: await list.allInnerTexts() };
}

/** The first step, which leads to the second one. */
async function firstStep(ada: Person): Promise<void> {
  await ada.page.goto("/sign-in?next=/account");
  await ada.signIn();
  await expect(ada.page.getByRole("heading", { name: "One more step" })).toBeVisible();
  await expect(ada.page.getByLabel("Code")).toBeFocused();
}

async function type(ada: Person, code: string): Promise<void> {
  await ada.page.getByLabel("Code").fill(code);
  await ada.page.getByRole("button", { name: "Continue" }).click();
}

test("it is set up with a QR code and a code of the app", async ({ person }) => {
  const ada = await person("Ada");
  await ada.page.goto("/account");
  const panel = panelOf(ada);
  await panel.getByRole("button", { name: "Set up" }).click();
  const image = panel.getByRole("img", { name: "QR code for your app" });
  await expect
    .poll(() => image.evaluate((element: HTMLImageElement) => element.naturalWidth))
    .toBeGreaterThan(100);
  const onThisDevice = panel.getByRole("link", { name: "open it in an app on this device" });
  await expect(onThisDevice).toHaveAttribute("href", /^otpauth:\/\/totp\//u);
  await panel.getByLabel("Code of the app").fill("000000");
  await panel.getByRole("button", { name: "Turn on" }).click();
  await expect(ada.alert).toContainText("This code is wrong");
  await panel.getByLabel("Code of the app").fill(appCode(await panel.locator("code").innerText()));
  await panel.getByRole("button", { name: "Turn on" }).click();
  await expect(panel.getByText("with 10 recovery codes left")).toBeVisible();
  await expect(ada.alert, "the error is over").toHaveCount(0);

  await ada.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await panel.getByRole("button", { name: "Copy the codes" }).click();
  await expect(ada.page.getByText("Recovery codes copied.")).toBeVisible();
  const list = panel.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
  const copied = await ada.page.evaluate(() => navigator.clipboard.readText());
  expect(copied.split("\n")).toEqual(await list.allInnerTexts());
});

test("signing in needs a code, and each code counts once", async ({ person }) => {
  const ada = await person("Ada");
  const { secret, used } = await setUp(ada);
  await ada.signOut();
  await firstStep(ada);
  await type(ada, used);
  await expect(ada.alert).toContainText("This code is wrong, or was used already.");
  await type(ada, appCode(secret, 1));
  await ada.isAtAccount();
  await expect(ada.alert).toHaveCount(0);
});

test("a recovery code replaces the app's code, once", async ({ person }) => {
  const ada = await person("Ada");
  const { recoveryCodes } = await setUp(ada);
  const [first, second] = recoveryCodes as [string, string];
  await ada.signOut();
  await firstStep(ada);
  await type(ada, first);
  await ada.isAtAccount();
  await expect(panelOf(ada).getByText("with 9 recovery codes left")).toBeVisible();
  await ada.signOut();
  await firstStep(ada);
  await type(ada, first);
  await expect(ada.alert).toBeVisible();
  await type(ada, second);
  await ada.isAtAccount();
});

test("after five wrong codes the first step is shown again", async ({ person }) => {
  const ada = await person("Ada");
  const { secret } = await setUp(ada);
  await ada.signOut();
  await firstStep(ada);
  for (let tries = 0; tries < 5; tries += 1) {
    await type(ada, "000000");
    await expect(ada.alert).toContainText("This code is wrong");
    await ada.alert.getByRole("button", { name: "Dismiss" }).click();
    await expect(ada.alert).toHaveCount(0);
  }
  await type(ada, appCode(secret, 1));
  await expect(ada.alert).toContainText("there were too many wrong codes");
  await expect(ada.page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});

test("the button “Begin again” leads to the first step", async ({ person }) => {
  const ada = await person("Ada");
  await setUp(ada);
  await ada.signOut();
  await firstStep(ada);
  await ada.page.getByRole("button", { name: "Begin again" }).click();
  await expect(ada.page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expect(ada.page.getByLabel("E-mail").first()).toBeVisible();
});

test("new recovery codes replace the old ones, and it is turned off again", async ({ person }) => {
  const ada = await person("Ada");
  const { recoveryCodes } = await setUp(ada);
  const panel = panelOf(ada);
  await panel.getByRole("button", { name: "New recovery codes" }).click();
  await expect(panel.getByText(String(recoveryCodes[0]))).toHaveCount(0);
  await expect(panel.getByRole("list", { name: "Recovery codes" })).toBeVisible();
  await panel.getByRole("button", { name: "Turn off" }).click();
  await expect(ada.page.getByText("The second step is off.")).toBeVisible();
  await ada.signOut();
  await ada.page.goto("/sign-in?next=/account");
  await ada.signIn();
  await ada.isAtAccount();
});

test("a mailed link leads to the second step, and a used link explains how to continue", async ({
  person,
}) => {
  test.skip(!METHODS.magicLink, "no links are mailed for signing in");
  const ada = await person("Ada");
  const { secret } = await setUp(ada);
  await ada.signOut();
  const step = async (): Promise<void> => {
    await ada.page.goto("/sign-in");
    await ada.askForLink();
    await ada.page.goto(await ada.link());
    await ada.page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(ada.page.getByRole("heading", { name: "One more step" })).toBeVisible();
  };
  await step();
  await ada.page.getByRole("button", { name: "Begin again" }).click();
  await expect(ada.alert).toHaveText("This link was used. Begin again to sign in.");
  await ada.page.getByRole("link", { name: "Go to the sign-in page" }).click();
  await expect(ada.page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await step();
  await type(ada, appCode(secret, 1));
  await expect(ada.page.getByRole("heading", { name: START.heading })).toBeVisible();
});
