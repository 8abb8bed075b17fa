import type { Person } from "../support/person";
import { expect, test } from "../support/test";
import { Talker } from "./support/talk";

/** The application with an additional state, whose stream goes only to its sender. */
const ANSWERING = { module: "duplex_dev.testing.promises.answering" } as const;
const STATE = "promiseAnswer";
const PIECES = Array.from({ length: 40 }, (_, number) => number);

async function ask(
  person: (name: string, options: { baseURL: string }) => Promise<Person>,
  url: string,
): Promise<Talker> {
  const ada = new Talker(await person("Ada", { baseURL: url }));
  await ada.prepare();
  await ada.person.start();
  await ada.openForm();
  await ada.send([STATE], { answered: false });
  await expect
    .poll(() => ada.received.filter(({ state }) => state === STATE).length)
    .toBeGreaterThan(2);
  return ada;
}

test("a reload in mid-answer loses nothing of the answer", async ({ person, serve }) => {
  const { url } = await serve(ANSWERING);
  const ada = await ask(person, url);
  await ada.person.page.reload();
  await ada.person.isIn();
  const end = { state: STATE, data: null, ended: "done" };
  await expect.poll(() => ada.received.at(-1)).toMatchObject(end);

  // The page that was loaded again took the place of the first one, and got all that came after.
  const { resume } = ada.sent.findLast(({ state }) => state === undefined) ?? {};
  const first = ada.received.find(({ state }) => state === STATE);
  const again = ada.received.findLastIndex(({ state }) => state === "initialised");
  const came = ada.received
    .slice(again)
    .filter(({ state, more }) => state === STATE && more === true)
    .map(({ data }) => (data as { number: number }).number);
  const next = Number(resume?.seq) - Number(first?.seq) + 1;
  expect(came).toEqual(PIECES.slice(next));
});
