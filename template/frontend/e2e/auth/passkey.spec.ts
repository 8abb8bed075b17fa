import type { CDPSession } from "@playwright/test";

import { ONLY_PASSKEYS, type Person } from "../support/person";
import { expect, test as base } from "../support/test";

interface Authenticator {
  /** Sets whether its user passes the check of the device. */
  setVerified: (verified: boolean) => Promise<void>;
  /** How many passkeys it has. */
  count: () => Promise<number>;
}

interface Fixtures {
  /** The option of a browser that opens the server by its name. */
  named: { baseURL: string };
  /** Somebody who is signed in at a device with an authenticator. */
  device: { ada: Person; authenticator: Authenticator };
}

async function addAuthenticator(cdp: CDPSession): Promise<Authenticator> {
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    setVerified: async (isUserVerified) => {
      await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
    },
    count: async () =>
      (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials.length,
  };
}

const test = base.extend<Fixtures>({
  // Passkeys belong to a name, not to an address.
  named: async ({ baseURL }, use) => {
    await use({ baseURL: String(baseURL).replace("127.0.0.1", "localhost") });
  },
  device: async ({ person, named }, use) => {
    const ada = await person("Ada", named);
    const authenticator = await addAuthenticator(await ada.page.context().newCDPSession(ada.page));
    await use({ ada, authenticator });
  },
});

async function addPasskey({ page }: Person, name: string): Promise<void> {
  await page.goto("/account");
  const panel = page.getByRole("region", { name: "Passkeys" });
  await panel.getByLabel("Name of the passkey").fill(name);
  await panel.getByRole("button", { name: "Add a passkey" }).click();
}

/** The browser offers no passkey at the e-mail field, where the authenticator would answer at once. */
const withoutOffer = ({ page }: Person): Promise<unknown> =>
  page.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false);
  });

const rows = ({ page }: Person) =>
  page.getByRole("list", { name: "Passkeys" }).getByRole("listitem");

const button = ({ page }: Person) => page.getByRole("button", { name: "Sign in with a passkey" });

test("a passkey is added, named, used for signing in, and removed", async ({ device }) => {
  const { ada, authenticator } = device;
  await withoutOffer(ada);
  await addPasskey(ada, "Laptop");
  await expect(ada.page.getByText("Passkey added.")).toBeVisible();
  await expect(rows(ada)).toHaveText([/^Laptop/u]);
  await addPasskey(ada, "Again");
  await expect(ada.alert).toContainText("This device has a passkey for this account already.");

  await ada.page.getByRole("button", { name: "Rename: Laptop" }).click();
  await ada.page.getByLabel("New name").fill("Old laptop");
  await ada.page.getByRole("button", { name: "Save name" }).click();
  await expect(rows(ada)).toHaveText([/^Old laptop/u]);

  await ada.signOut();
  await ada.page.goto("/sign-in?next=/account");
  await button(ada).click();
  await ada.isAtAccount();

  await ada.page.getByRole("button", { name: "Remove: Old laptop" }).click();
  await expect(ada.page.getByText("Passkey removed.")).toBeVisible();
  await expect(rows(ada)).toHaveCount(0);
  await expect(ada.page.getByRole("region", { name: "Passkeys" })).toBeFocused();
  expect(await authenticator.count()).toBe(1);
  await ada.signOut();
  await ada.page.goto("/sign-in");
  await button(ada).click();
  await expect(ada.alert).toContainText(/passkey/u);
  await expect(ada.page.getByRole("button", { name: "Ada" })).toHaveCount(0);
});

test("a passkey is offered at the e-mail field", async ({ device }) => {
  test.skip(ONLY_PASSKEYS, "the sign-in page has no field");
  const { ada } = device;
  await addPasskey(ada, "Laptop");
  await expect(rows(ada)).toHaveCount(1);
  await ada.signOut();
  await ada.page.goto("/sign-in?next=/account");
  // The authenticator answers as if its user had chosen the offered passkey.
  await ada.isAtAccount();
});

test("another person at the device is refused", async ({ device }) => {
  const { ada, authenticator } = device;
  await withoutOffer(ada);
  await addPasskey(ada, "Laptop");
  await expect(rows(ada)).toHaveCount(1);
  await authenticator.setVerified(false);
  await ada.signOut();
  await ada.page.goto("/sign-in");
  await button(ada).click();
  await expect(ada.alert).toContainText("No passkey was used.");
});

test("a lost passkey is replaced by way of a mail", async ({ device, elsewhere, named }) => {
  const { ada } = device;
  await addPasskey(ada, "Laptop");
  await expect(rows(ada)).toHaveCount(1);
  const phone = await elsewhere(ada, named);
  await phone.page.goto("/sign-in");
  await phone.follow("Lost your passkey?");
  await phone.askForLink();
  await phone.confirm("Sign in");
  await phone.isAtAccount();
  await addAuthenticator(await phone.page.context().newCDPSession(phone.page));
  await addPasskey(phone, "Phone");
  await expect(rows(phone)).toHaveCount(2);
});
