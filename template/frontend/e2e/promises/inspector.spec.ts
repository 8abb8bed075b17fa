import { readFile } from "node:fs/promises";

import type { Locator, Page } from "@playwright/test";

import { expect, expectNothingFound, PHONE, test } from "../support/test";
import { drawer, OPEN_STATES } from "./support/talk";

const launcher = (page: Page): Locator =>
  page.getByRole("button", { name: "Inspector", exact: true });

test("in production there is no inspector until it is switched on", async ({ person }) => {
  const { page } = await person("Ada");
  await page.goto("/settings");
  const choice = page.getByRole("checkbox", { name: "Show the inspector on this device" });
  await expect(choice).not.toBeChecked();
  await expect(launcher(page)).toHaveCount(0);
  await choice.check();
  await expect(launcher(page)).toBeVisible();
  await choice.uncheck();
  await expect(launcher(page)).toHaveCount(0);
});

test("the inspector shows every frame, sends a request and exports it all", async ({ person }) => {
  const ada = await person("Ada");
  const { page } = ada;
  await page.goto("/settings?inspect");
  await ada.start();
  await launcher(page).click();
  const inspector = drawer(page);
  const log = inspector.getByRole("log", { name: "Frames" });
  await expect(log).toContainText("hello");
  await expect(log).toContainText("pong");
  // Secrets are not shown.
  await log.getByText("initialised", { exact: true }).click();
  await expect(log).toContainText('"participants"');
  await expect(log).not.toContainText(/"resume_token": "[A-Za-z0-9_-]{16,}"/u);

  await inspector.getByLabel("Direction").selectOption("Sent");
  await expect(log).not.toContainText("initialised");
  await inspector.getByLabel("Filter by text").fill("no such thing");
  await expect(log).toContainText("No frame matches the filter.");
  await inspector.getByLabel("Filter by text").fill("");
  await inspector.getByLabel("Direction").selectOption("Both ways");
  await inspector.getByRole("button", { name: "Pause" }).click();

  // The form begins with the contract's example.
  await inspector.getByRole("button", { name: "Send", exact: true }).click();
  for (const state of OPEN_STATES) {
    await inspector.getByLabel("State to send").selectOption(state);
    await inspector.getByRole("button", { name: "Send request" }).click();
    await expect(inspector.getByRole("status").or(inspector.getByRole("alert"))).toBeVisible();
  }
  await looksFine(page);

  await inspector.getByRole("button", { name: "Frames" }).click();
  if (OPEN_STATES.length > 0) await expect(inspector).toContainText(/, \d+ new/u);
  await inspector.getByRole("button", { name: "Pause" }).click();
  for (const state of OPEN_STATES) {
    await expect(log.getByText(state, { exact: true }).first()).toBeVisible();
  }

  const download = page.waitForEvent("download");
  await inspector.getByRole("button", { name: "Export" }).click();
  const text = await readFile(await (await download).path(), "utf8");
  expect(text).not.toContain(new URL(page.url()).pathname.split("/").at(-1));
  const { format, frames } = JSON.parse(text) as { format: string; frames: { frame: object }[] };
  expect(format).toBe("session-conversation");
  expect(frames[0]?.frame).toHaveProperty("name", "Ada");
  for (const state of OPEN_STATES) {
    expect(frames.map(({ frame }) => frame)).toContainEqual(expect.objectContaining({ state }));
  }

  await inspector.getByRole("button", { name: "Clear" }).click();
  await expect(log).toContainText("Nothing is recorded yet.");
});

test("the drawer is usable on a phone and by keyboard", async ({ person }) => {
  const ada = await person("Ada", { viewport: PHONE });
  const { page } = ada;
  await page.goto("/settings?inspect");
  await expectBelowContent(launcher(page), page);
  await ada.start();
  await launcher(page).focus();
  await page.keyboard.press("Enter");
  await expect(drawer(page)).toBeFocused();
  await drawer(page).getByRole("log").getByText("initialised", { exact: true }).click();
  await expect(drawer(page)).toContainText('"participants"');
  await looksFine(page);
  await drawer(page).getByRole("button", { name: "Send", exact: true }).click();
  await expect(drawer(page).getByRole("textbox").first()).toBeVisible();
  await looksFine(page);

  await page.keyboard.press("Escape");
  await expect(drawer(page)).toHaveCount(0);
  await expect(launcher(page)).toBeFocused();
});

test("every field with a problem is marked as invalid", async ({ person }) => {
  const { page } = await person("Ada");
  await page.route("**/api/v1/asyncapi.json", (route) => route.fulfill({ json: CONTRACT }));
  await page.goto("/settings?inspect");
  await launcher(page).click();
  const inspector = drawer(page);
  const send = inspector.getByRole("button", { name: "Send request" });
  await inspector.getByRole("button", { name: "Send", exact: true }).click();
  await send.click();
  for (const name of Object.keys(FIELDS)) {
    const field = inspector.getByLabel(name, { exact: true });
    await expect(field).toHaveAttribute("aria-invalid", "true");
  }
  await inspector.getByRole("checkbox", { name: "Write the data as JSON" }).check();
  const json = inspector.getByRole("textbox", { name: "Data as JSON" });
  await expect(json).toHaveAttribute("aria-invalid", "false");
  await send.click();
  await expect(json).toHaveAttribute("aria-invalid", "true");
});

/** A field of each kind, whose schema no value fits. */
const FIELDS = {
  words: { type: "string", not: {} },
  amount: { type: "number", not: {} },
  flag: { type: "boolean", not: {} },
  choice: { enum: ["one", "two"], not: {} },
  anything: { not: {} },
};
/** The contract of a server with one state, whose request has these fields. */
const CONTRACT = {
  operations: {
    "receive-unfit": {
      messages: [
        {
          payload: {
            properties: {
              data: { type: "object", properties: FIELDS, required: Object.keys(FIELDS) },
            },
          },
          examples: [
            {
              payload: { data: { words: "", amount: 1, flag: true, choice: "one", anything: 1 } },
            },
          ],
        },
      ],
    },
  },
};

/** The button covers nothing of a page that is longer than the screen. */
async function expectBelowContent(button: Locator, page: Page): Promise<void> {
  const last = page.locator(".page > :last-child");
  const [content, own] = await Promise.all([last.boundingBox(), button.boundingBox()]);
  if (content === null || own === null) throw new Error("the page or the button is not visible");
  expect(content.y + content.height).toBeGreaterThan(PHONE.height);
  expect(own.y).toBeGreaterThanOrEqual(content.y + content.height);
}

/** axe reports no violation, and no element is wider than the screen. */
async function looksFine(page: Page): Promise<void> {
  await expectNothingFound(page, "the inspector");
  const tooWide = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
  expect(tooWide, "pixels that the page scrolls sideways").toBe(0);
}
