import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath, URL } from "node:url";

import { expect, type Locator, type Page } from "@playwright/test";

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const html = readFileSync(file("index.html"), "utf8");

/** The application's name, as the page's title has it before any script runs. */
export const NAME = unescaped(/<title>(.*)<\/title>/u.exec(html)?.[1] ?? "");

/** Whether this project has accounts. */
export const SIGN_IN = existsSync(file("src/api/auth.ts"));

const hasMethod = (folder: string): boolean => existsSync(file(`src/components/auth/${folder}`));

/** The ways of signing in that this project has. */
export const METHODS = {
  password: hasMethod("password"),
  magicLink: hasMethod("magicLink"),
  totp: hasMethod("totp"),
  passkey: hasMethod("passkey"),
};

/** A lost passkey is replaced by mail, which leads to the account and not to the requested page. */
export const ONLY_PASSKEYS = SIGN_IN && !METHODS.password && !METHODS.magicLink;

/** The page that starts a session (`paths.start` of src/app.ts): its link in the header, and its heading. */
export const START = { path: "/session", link: "Session", heading: "Start a session" };

export const PASSWORD = "correct horse battery";

/** The end of the line of a mail that has its code. */
const CODE = /: ([A-Z0-9]{4}-[A-Z0-9]{4})$/mu;
const LINK = /^https?:\S+#token=\S+$/mu;

interface Mail {
  subject: string;
  text: string;
}

/** A word that no other test uses, for sessions and accounts. */
export const unique = (word: string): string => `${word}-${crypto.randomUUID().slice(0, 8)}`;

/** A user's text inside a sentence, as pages show it: between marks that isolate its direction. */
export const isolated = (text: string): string => `\u2068${text}\u2069`;

/** A user at a page. */
export class Person {
  /** Uncaught errors of the page, and violations of its content security policy. */
  readonly faults: string[] = [];

  constructor(
    readonly name: string,
    readonly page: Page,
    readonly email = `${unique("person")}@example.com`,
  ) {
    page.on("pageerror", (error) => this.faults.push(String(error)));
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) this.faults.push(message.text());
    });
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

  /** Creates an account by requests of this browser, which costs less than doing so on its pages. */
  async register(): Promise<void> {
    const send = async (path: string, data: object, origin = ""): Promise<void> => {
      // Browsers add `Origin` to the requests of pages; the server requires it of requests with cookies.
      const headers = origin === "" ? {} : { Origin: origin };
      const response = await this.page.request.post(`/api/v1/auth${path}`, { data, headers });
      expect(response.ok(), await response.text()).toBe(true);
    };
    const account = { name: this.name, email: this.email };
    await (METHODS.password
      ? send("/password/sign-up", { ...account, password: PASSWORD })
      : send("/sign-up", account));
    const { origin, hash } = new URL(await this.link());
    await send("/sign-up/confirm", { token: hash.replace("#token=", "") }, origin);
  }

  /** Creates an account on the page for it, which then leads to the page that was requested. */
  async signUp(): Promise<void> {
    await this.page.goto("/sign-up");
    await this.fillInSignUp();
    await expect(this.page).not.toHaveURL(/\/sign-up/);
  }

  /** Creates an account that this browser is signed in to, where the project has accounts. */
  async arrive(): Promise<void> {
    if (!SIGN_IN) return;
    await this.register();
    // Pages cannot read the cookie, so they remember the sign-in here. The first page that this browser
    // loads finds it, and later ones what the application has made of it.
    await this.page.context().addInitScript(() => {
      if (!location.protocol.startsWith("http") || localStorage.getItem("arrived")) return;
      localStorage.setItem("arrived", "yes");
      localStorage.setItem("signed-in", "yes");
    });
  }

  /** Fills in the page for signing up and answers its mail; that leads to the page that was requested. */
  async fillInSignUp(): Promise<void> {
    await this.page.getByLabel("Your name").fill(this.name);
    await this.page.getByLabel("E-mail").fill(this.email);
    if (METHODS.password) await this.page.getByLabel("Password").fill(PASSWORD);
    await this.page.getByRole("button", { name: "Create account" }).click();
    await this.confirm();
  }

  /** Types the code of the newest mail where it is asked for. */
  async confirm(action = "Confirm", address = this.email): Promise<void> {
    const field = this.page.getByLabel("Code");
    await expect(field).toBeVisible();
    await field.fill(await this.code(address));
    await this.page.getByRole("button", { name: action, exact: true }).click();
  }

  /** The mails to this person, the newest first. */
  async mails(address = this.email): Promise<readonly Mail[]> {
    const options = { params: { to: address } };
    return (await (await this.page.request.get("/dev/mailbox/mails", options)).json()) as Mail[];
  }

  /** The code in the newest mail. */
  code = (address = this.email): Promise<string> => this.#inMail(CODE, address);

  /** The link in the newest mail. */
  link = (): Promise<string> => this.#inMail(LINK, this.email);

  async #inMail(what: RegExp, address: string): Promise<string> {
    let found = "";
    await expect
      .poll(async () => {
        const match = what.exec((await this.mails(address))[0]?.text ?? "");
        found = match?.[1] ?? match?.[0] ?? "";
        return found;
      })
      .not.toBe("");
    return found;
  }

  /** Signs in on the page for that, which then leads to the page that was requested. */
  async signIn(password = PASSWORD): Promise<void> {
    if (METHODS.password) {
      await this.page.getByLabel("E-mail").fill(this.email);
      await this.page.getByLabel("Password").fill(password);
      await this.page.getByRole("button", { name: "Sign in", exact: true }).click();
      return;
    }
    if (!METHODS.magicLink) {
      await this.follow("Lost your passkey?");
    }
    await this.askForLink();
    await this.confirm("Sign in");
  }

  /** Follows a link to the page that has the link's words as its heading. */
  async follow(name: string): Promise<void> {
    await this.page.getByRole("link", { name }).click();
    await expect(this.page.getByRole("heading", { level: 1, name })).toBeVisible();
  }

  /** Asks for a mail on the page that offers it. */
  async askForLink(address = this.email): Promise<void> {
    const other = this.page.getByRole("button", { name: "Use an e-mail link instead" });
    const ask = this.page.getByRole("button", { name: "E-mail me a link" });
    await expect(other.or(ask)).toBeVisible();
    if (await other.isVisible()) await other.click();
    await this.page.getByLabel("E-mail").fill(address);
    await ask.click();
    await expect(this.page.getByLabel("Code")).toBeVisible();
  }

  async signOut(): Promise<void> {
    await this.page.getByRole("button", { name: this.name }).click();
    await this.page.getByRole("button", { name: "Sign out", exact: true }).click();
    await expect(this.page.getByRole("link", { name: "Sign in" })).toBeVisible();
    // Signing out ends with this navigation, which must not interfere with the next one of a test.
    await expect(this.page).toHaveURL("/");
  }

  /** Starts a session, a private one without a name. Resolves to its invite link. */
  async start(session = ""): Promise<string> {
    await this.page.goto(START.path);
    if (!SIGN_IN) await this.page.getByRole("textbox", { name: "Your name" }).fill(this.name);
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

  async isAtAccount(): Promise<void> {
    await expect(this.page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
  }

  async isIn(): Promise<void> {
    await expect(this.status).toHaveText("Connected");
    await expect(this.participants.filter({ hasText: "(you)" })).toContainText(this.name);
  }
}

function unescaped(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&#34;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}
