import { expect, test } from "../support/test";
import { nothingLost, Talker } from "./support/talk";

/** The server's access tokens last 10 seconds. */
const SHORT = { module: "duplex_dev.testing.accounts.short_tokens" } as const;

/** Room for two renewals and for a busy machine. */
const PATIENCE = { timeout: 40_000 } as const;

test("a token that expires is renewed on the open connection", async ({ person, serve }) => {
  const server = await serve(SHORT);
  const ada = new Talker(await person("Ada", { baseURL: server.url }));
  await ada.prepare();
  await ada.person.start();
  await ada.openForm();
  const count = (state: string): number =>
    ada.received.filter((frame) => frame.state === state).length;
  // The second time with a token that was itself renewed.
  await expect.poll(() => count("authenticate"), PATIENCE).toBeGreaterThan(1);
  await ada.send();
  await nothingLost(ada);
  await expect(ada.person.status).toHaveText("Connected");
  expect(count("initialised")).toBe(1);
});

test("a sign-in that is not renewed ends the session, and signing in leads back to it", async ({
  person,
  serve,
}) => {
  const server = await serve(SHORT);
  const ada = await person("Ada", { baseURL: server.url });
  const link = await ada.start();
  await ada.page.context().clearCookies();

  await expect(ada.alert).toHaveText(/You are not signed in any more/u, PATIENCE);
  await expect(ada.page).toHaveURL(link);
  await expect(ada.participants).toHaveCount(0);
  await ada.page.getByRole("button", { name: "Sign in" }).click();
  await ada.signIn();

  await ada.isIn();
  await expect(ada.page).toHaveURL(link);
});
