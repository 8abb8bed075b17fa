import type { Person } from "../support/person";
import { NO_SERVER } from "../support/server";
import { hasNotes, notes, openState, send } from "../support/notes";
import { expect, test } from "../support/test";

test.skip(NO_SERVER !== false, NO_SERVER || "");

/** The server's access tokens last a few seconds. */
const SHORT = { module: "duplex_dev.testing.accounts.short_tokens" } as const;

/** Says the last of these, where the project has a state for that, and sees all of them. */
async function say(ada: Person, ...texts: string[]): Promise<void> {
  if (openState === undefined) return;
  await send(ada, openState, texts.at(-1) ?? "");
  await hasNotes(ada, ...texts);
}

test("a token that runs out is renewed on the open connection", async ({ person, serve }) => {
  const server = await serve(SHORT);
  const ada = await person("Ada", { baseURL: server.url });
  const counted = { sockets: 0, renewed: 0 };
  ada.page.on("websocket", (socket) => {
    counted.sockets += 1;
    socket.on("framereceived", ({ payload }) => {
      if (String(payload).includes('"state":"authenticate"')) counted.renewed += 1;
    });
  });
  await ada.start();
  await say(ada, "before");
  // The second time with a token that was itself renewed.
  await expect.poll(() => counted.renewed).toBeGreaterThan(1);
  await say(ada, "before", "after");
  await expect(ada.status).toHaveText("Connected");
  expect(counted.sockets).toBe(1);
});

test("a sign-in that is not renewed is said, and signing in leads back into the session", async ({
  person,
  serve,
}) => {
  const server = await serve(SHORT);
  const ada = await person("Ada", { baseURL: server.url });
  const link = await ada.start();
  await say(ada, "before");
  await ada.page.context().clearCookies();

  await expect(ada.alert).toHaveText(/You are not signed in any more/u);
  await expect(ada.page).toHaveURL(link);
  // Who is not signed in does not read on.
  await expect(notes(ada)).toHaveCount(0);
  await ada.page.getByRole("button", { name: "Sign in" }).click();
  await ada.signIn();

  await ada.isIn();
  await expect(ada.page).toHaveURL(link);
  await say(ada, "before", "after");
});
