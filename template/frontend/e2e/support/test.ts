import axe, { type Result, type RunOptions } from "axe-core";
import { type BrowserContextOptions, expect, type Page, test as base } from "@playwright/test";

import { Person } from "./person";
import { OwnServer, type ServerOptions } from "./server";

interface Fixtures {
  /** A separate browser of a user who is not signed in. */
  open: (name: string, email?: string, options?: BrowserContextOptions) => Promise<Person>;
  /** A user with a separate browser, signed in if the project has accounts. */
  person: (name: string, options?: BrowserContextOptions) => Promise<Person>;
  /** The same user in another browser, not signed in there. */
  elsewhere: (person: Person, options?: BrowserContextOptions) => Promise<Person>;
  /** Starts a server that the test may kill and start again. */
  serve: (options?: ServerOptions) => Promise<OwnServer>;
}

export const PHONE = { width: 390, height: 844 };

/** Limits count by address: every person of a test has their own, which the server takes from a proxy. */
function ownAddress(): Record<string, string> {
  const part = (): number => 1 + Math.floor(Math.random() * 254);
  return { "X-Forwarded-For": `10.${part()}.${part()}.${part()}` };
}

export const test = base.extend<Fixtures>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads from it which fixtures are needed
  serve: async ({}, use) => {
    const servers: OwnServer[] = [];
    await use(async (options = {}) => {
      const server = await OwnServer.open(options);
      servers.push(server);
      return server;
    });
    await Promise.all(servers.map((server) => server.close()));
  },
  open: async ({ browser }, use, testInfo) => {
    const people: Person[] = [];
    await use(async (name, email, options) => {
      const context = await browser.newContext({ extraHTTPHeaders: ownAddress(), ...options });
      const person = new Person(name, await context.newPage(), email);
      people.push(person);
      return person;
    });
    if (testInfo.status !== testInfo.expectedStatus) {
      // The list of failures contains the texts of the pages, for logs without screenshots.
      for (const { name, page } of people) {
        const body = await page.evaluate(
          () => (document.querySelector("main") ?? document.body).innerText,
        );
        await testInfo.attach(`${name}'s page`, { body, contentType: "text/plain" });
      }
    }
    for (const person of people) {
      expect(person.faults, `faults of ${person.name}'s page`).toEqual([]);
      await person.page.context().close();
    }
  },
  person: async ({ open }, use) => {
    await use(async (name, options) => {
      const person = await open(name, undefined, options);
      await person.arrive();
      return person;
    });
  },
  elsewhere: async ({ open }, use) => {
    await use(({ name, email }, options) => open(name, email, options));
  },
});

/** Rules that depend on colours. The others find the same in each theme. */
const COLOURS = ["color-contrast", "link-in-text-block"];

/** Lets axe look at a page, and once more at its colours in the dark. */
export async function expectNothingFound(page: Page, where: string): Promise<void> {
  expect(await violations(page, {}), where).toEqual([]);
  await switchTheme(page, "dark", "light");
  const dark = await violations(page, { runOnly: COLOURS });
  expect(dark, `${where} in the dark`).toEqual([]);
  await switchTheme(page, "light", "dark");
}

/** The system's theme changes, and the page has followed. */
async function switchTheme(page: Page, theme: "light" | "dark", before: string): Promise<void> {
  await page.emulateMedia({ colorScheme: theme });
  await expect(page.locator("html")).not.toHaveAttribute("data-theme", before);
  await page.evaluate(async () => {
    await new Promise(requestAnimationFrame);
    await Promise.allSettled(document.getAnimations().map(({ finished }) => finished));
  });
}

async function violations(page: Page, options: RunOptions): Promise<string[]> {
  await page.evaluate(axe.source);
  const all = JSON.stringify({ ...options, resultTypes: ["violations"] });
  const found = await page.evaluate<Result[]>(
    `axe.run(document, ${all}).then((results) => results.violations)`,
  );
  return found.map(
    ({ id, help, nodes }) => `${id}: ${help}\n${nodes.map(({ html }) => `  ${html}`).join("\n")}`,
  );
}

export { expect } from "@playwright/test";
