import { gzipSync } from "node:zlib";

import manifest from "../package.json" with { type: "json" };
import { METHODS, NAME, type Person, SIGN_IN, START } from "./support/person";
import { expect, expectNothingFound, PHONE, test } from "./support/test";

const PAGES = ["/", START.path, "/settings", "/no-such-page"];
const ACCOUNT_PAGES = ["/account", "/users"];
const SIGN_IN_PAGES = [
  ...["/sign-in", "/sign-up", "/sign-up/confirm", "/invitation#token=a.b"],
  ...(METHODS.password ? ["/recover", "/recover/confirm#token=a.b"] : []),
  ...(METHODS.magicLink ? ["/sign-in/confirm#token=a.b"] : []),
  ...(METHODS.passkey ? ["/recover-account", "/recover-account/confirm#token=a.b"] : []),
];

/** Opens every page, those for signing in after signing out. */
async function visitAll(ada: Person, look: (path: string) => Promise<void>): Promise<void> {
  const visit = async (paths: string[]): Promise<void> => {
    for (const path of paths) {
      await ada.page.goto(path);
      await expect(ada.page.getByRole("heading", { level: 1 })).toBeVisible();
      await look(path);
    }
  };
  await visit(PAGES);
  if (!SIGN_IN) return;
  await visit(ACCOUNT_PAGES);
  await ada.signOut();
  await visit(SIGN_IN_PAGES);
}

test("the home page describes the application and leads to a session", async ({ person }) => {
  const { page } = await person("Ada");
  await page.goto("/");
  await expect(page).toHaveTitle(NAME);
  await expect(page.getByRole("heading", { level: 1, name: NAME })).toBeVisible();
  await page.getByRole("link", { name: "Start a session" }).click();
  await expect(page.getByRole("heading", { name: START.heading })).toBeVisible();
});

test("every page is linked and has its own title", async ({ person }) => {
  const { page } = await person("Ada");
  await page.goto("/");
  const titles = new Set([await page.title()]);
  for (const name of [START.link, "Settings"]) {
    const before = await page.title();
    await page.getByRole("banner").getByRole("link", { name, exact: true }).click();
    await expect(page).not.toHaveTitle(before);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page).toHaveTitle(new RegExp(` · `));
    titles.add(await page.title());
  }
  expect(titles.size).toBe(3);
});

test("an unknown address shows a helpful page", async ({ person }) => {
  const { page } = await person("Ada");
  await page.goto("/no/such/page");
  await expect(page.getByRole("heading", { name: "Page not found" })).toBeVisible();
  await expect(page).toHaveTitle(/^Page not found/u);
  await page.getByRole("link", { name: "Back to the home page" }).click();
  await expect(page).toHaveURL("/");
});

test("the theme follows the system until the user chooses one, which is kept", async ({
  person,
}) => {
  const { page } = await person("Ada", { colorScheme: "dark" });
  const shown = page.locator("html");
  await page.goto("/");
  await expect(shown).toHaveAttribute("data-theme", "dark");

  await page.getByRole("button", { name: "Switch to light theme" }).click();
  await expect(shown).toHaveAttribute("data-theme", "light");
  await expect(page.getByRole("button", { name: "Switch to dark theme" })).toBeVisible();
  await page.reload();
  await expect(shown).toHaveAttribute("data-theme", "light");

  await page.goto("/settings");
  await expect(page.getByRole("radio", { name: "Light" })).toBeChecked();
  await page.getByRole("radio", { name: "Like the system" }).check();
  await expect(shown).toHaveAttribute("data-theme", "dark");
  await page.emulateMedia({ colorScheme: "light" });
  await expect(shown).toHaveAttribute("data-theme", "light");
});

test("a long word fits on the smallest screen", async ({ person }) => {
  const { page } = await person("Ada", { viewport: { width: 320, height: 640 } });
  await page.goto("/");
  const heading = page.getByRole("heading", { level: 1 });
  await heading.evaluate((element) => (element.textContent = "Donaudampfschifffahrtsgesellschaft"));
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
});

test("on a phone everything fits and the dock leads everywhere", async ({ person }) => {
  const ada = await person("Ada", { viewport: PHONE });
  const { page } = ada;
  await ada.start();
  for (const name of ["Home", START.link, "Settings"]) {
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow, `sideways scrolling before ${name}`).toBeLessThanOrEqual(0);
    await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(ada.status).toBeVisible();
  }
});

test("keyboard users can skip the header", async ({ person }) => {
  const { page } = await person("Ada");
  await page.goto("/settings");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
});

test("no page logs errors, violates its content security policy or contacts another server", async ({
  person,
  baseURL,
}) => {
  test.slow();
  const ada = await person("Ada");
  const { page } = ada;
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(String(baseURL))) complaints.push(request.url());
  });
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      console.error(`${violatedDirective} forbids ${blockedURI}`);
    });
  });
  await visitAll(ada, () => Promise.resolve());
  expect(complaints).toEqual([]);

  // The listener is at work: a script of somebody else is refused, and noticed.
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.injected = true";
    document.body.append(script);
  });
  await expect.poll(() => complaints.join()).toContain("script-src-elem forbids inline");
  ada.faults.length = 0;
});

test("the first page loads little JavaScript", async ({ browser }) => {
  const page = await browser.newPage();
  const sizes: Promise<number>[] = [];
  page.on("response", (response) => {
    if (!response.url().endsWith(".js")) return;
    sizes.push(response.body().then((body) => gzipSync(body).length));
  });
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  expect(sizes.length).toBeGreaterThan(0);
  expect(total).toBeLessThanOrEqual(manifest.config.firstPageBytes);
  await page.close();
});

test.describe("axe finds nothing", () => {
  test.slow();

  test("on any page, light or dark", async ({ person }) => {
    const ada = await person("Ada");
    await visitAll(ada, (path) => expectNothingFound(ada.page, path));
  });

  test("on the contract's page, on a phone and by keyboard", async ({ person }) => {
    const { page } = await person("Ada", { viewport: PHONE });
    await page.goto("/asyncapi");
    await expectNothingFound(page, "the contract");
    // Only tables and examples scroll sideways, never the page.
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(PHONE.width);
    await page.keyboard.press("Tab");
    await expect(page.getByRole("link", { name: "Skip to the contract" })).toBeFocused();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await expect(page.locator("main pre").first()).toBeFocused();
  });
});
