import { type BrowserContextOptions, expect, test as base } from "@playwright/test";

import { Person } from "./person";

interface Fixtures {
  /** Somebody with a browser of their own, signed in where the project has accounts. */
  person: (name: string, options?: BrowserContextOptions) => Promise<Person>;
}

export const test = base.extend<Fixtures>({
  person: async ({ browser }, use) => {
    const people: Person[] = [];
    await use(async (name, options) => {
      const context = await browser.newContext(options);
      const person = new Person(name, await context.newPage());
      people.push(person);
      await person.arrive();
      return person;
    });
    for (const person of people) {
      expect(person.faults, `uncaught errors on ${person.name}'s page`).toEqual([]);
      await person.page.context().close();
    }
  },
});

export { expect } from "@playwright/test";
