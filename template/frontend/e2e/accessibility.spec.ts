import { expectNothingFound } from "./support/axe";
import type { Person } from "./support/person";
import { SIGN_IN } from "./support/project";
import { expect, test } from "./support/test";

const PATHS = ["/", "/session", "/settings", "/no-such-page"];
const ACCOUNT_PATHS = SIGN_IN ? ["/sign-in", "/sign-up", "/account", "/users"] : [];

async function expectNothingInSession(ada: Person): Promise<void> {
  await ada.start();
  await expectNothingFound(ada.page, "an open session");
  await ada.page.getByRole("button", { name: "End session" }).click();
  await expect(ada.status).toHaveText("Session ended");
  await expectNothingFound(ada.page, "an ended session");
}

// Without motion, so that no colour is checked in the middle of a transition.
const STILL = { reducedMotion: "reduce" } as const;
const PHONE = { width: 390, height: 844 };

test.describe("axe finds nothing", () => {
  test.slow();

  for (const colorScheme of ["light", "dark"] as const) {
    test(`on any page (${colorScheme})`, async ({ person }) => {
      const { page } = await person("Ada", { ...STILL, colorScheme });
      for (const path of [...PATHS, ...ACCOUNT_PATHS]) {
        await page.goto(path);
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        await expectNothingFound(page, path);
      }
    });

    test(`in a session (${colorScheme})`, async ({ person }) => {
      await expectNothingInSession(await person("Ada", { ...STILL, colorScheme }));
    });
  }

  test("on the contract's page, on a phone and by keyboard", async ({ person }) => {
    const { page } = await person("Ada", { ...STILL, viewport: PHONE });
    await page.goto("/asyncapi");
    await expectNothingFound(page, "the contract");
    await page.emulateMedia({ colorScheme: "dark" });
    await expectNothingFound(page, "the contract in the dark", ["color-contrast"]);
    // Only tables and examples scroll sideways, never the page.
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(PHONE.width);
    await page.keyboard.press("Tab");
    await expect(page.getByRole("link", { name: "Skip to the contract" })).toBeFocused();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await expect(page.locator("main pre").first()).toBeFocused();
  });

  test("in a session on a phone", async ({ person }) => {
    await expectNothingInSession(await person("Ada", { ...STILL, viewport: PHONE }));
  });
});
