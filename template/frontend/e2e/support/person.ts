import { expect, type Locator, type Page } from "@playwright/test";

import { SIGN_IN } from "./project";

export const PASSWORD = "correct horse battery";

/** How a mail ends the line that names its code. */
const CODE = /: ([A-Z0-9]{4}-[A-Z0-9]{4})$/mu;

/** A word that no other test uses, for sessions and accounts. */
export const unique = (word: string): string => `${word}-${crypto.randomUUID().slice(0, 8)}`;

/** A user at a page. */
export class Person {
  /** Uncaught errors of the page. */
  readonly faults: string[] = [];

  constructor(
    readonly name: string,
    readonly page: Page,
    readonly email = `${unique("person")}@example.com`,
  ) {
    page.on("pageerror", (error) => this.faults.push(String(error)));
  }

  get status(): Locator {
    return this.page.getByRole("status", { name: "Connection" });
  }

  get participants(): Locator {
    return this.page.getByRole("list", { name: "Participants" }).getByRole("listitem");
  }

  get alert(): Locator {
    return this.page.getByRole("alert");
  }

  /** Creates an account, where the project has accounts. */
  async arrive(): Promise<void> {
    if (SIGN_IN) await this.signUp();
  }

  async signUp(): Promise<void> {
    await this.page.goto("/sign-up");
    await this.fillInSignUp();
    await expect(this.page).not.toHaveURL(/\/sign-up/);
  }

  /** Fills in the page for signing up and answers its mail; that leads to the page that was requested. */
  async fillInSignUp(): Promise<void> {
    await this.page.getByLabel("Your name").fill(this.name);
    await this.page.getByLabel("E-mail").fill(this.email);
    await this.page.getByLabel("Password").fill(PASSWORD);
    await this.page.getByRole("button", { name: "Create account" }).click();
    await this.confirm();
  }

  /** Types the code of the newest mail where it is asked for. */
  async confirm(): Promise<void> {
    const field = this.page.getByLabel("Code");
    await expect(field).toBeVisible();
    await field.fill(await this.code());
    await this.page.getByRole("button", { name: "Confirm" }).click();
  }

  /** The code in the newest mail to this person. */
  async code(): Promise<string> {
    const url = new URL("/dev/mailbox/mails", this.page.url());
    url.searchParams.set("to", this.email);
    let code = "";
    await expect
      .poll(async () => {
        const mails = (await (await this.page.request.get(url.href)).json()) as { text: string }[];
        code = CODE.exec(mails[0]?.text ?? "")?.[1] ?? "";
        return code;
      })
      .not.toBe("");
    return code;
  }

  /** Fills in the page for signing in, which then leads to the page that was requested. */
  async signIn(password = PASSWORD): Promise<void> {
    await this.page.getByLabel("E-mail").fill(this.email);
    await this.page.getByLabel("Password").fill(password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  /** Starts a session, a private one without a name. Resolves to its invite link. */
  async start(session = ""): Promise<string> {
    await this.page.goto("/session");
    await this.page.getByRole("textbox", { name: "Your name" }).fill(this.name);
    await this.page.getByRole("textbox", { name: "Session name (optional)" }).fill(session);
    await this.page.getByRole("button", { name: "Start session" }).click();
    await this.isIn();
    return this.page.url();
  }

  /** Follows an invite link. */
  async join(link: string): Promise<void> {
    await this.page.goto(link);
    if (!SIGN_IN) {
      await this.page.getByRole("textbox", { name: "Your name" }).fill(this.name);
      await this.page.getByRole("button", { name: "Join session" }).click();
    }
    await this.isIn();
  }

  /** Opens the same session in another tab of the same browser. */
  async openTab(): Promise<Person> {
    const tab = new Person(this.name, await this.page.context().newPage(), this.email);
    await tab.page.goto(this.page.url());
    await tab.isIn();
    return tab;
  }

  async isIn(): Promise<void> {
    await expect(this.status).toHaveText("Connected");
    await expect(this.participants.filter({ hasText: "(you)" })).toContainText(this.name);
  }
}
