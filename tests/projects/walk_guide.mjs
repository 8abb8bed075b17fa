// The WebSocket guide's workflow by its own client, unmodified: node walk_guide.mjs FOLDER URL [TOKEN]
// Prints what it saw, one line per step; any answer that is not what the guide says ends it with an error.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import process from "node:process";

const [folder, url, token] = process.argv.slice(2);
const WebSocketAsPromised = createRequire(`${folder}/`)("websocket-as-promised");

async function enter(session) {
  const socket = new WebSocketAsPromised(url, {
    packMessage: (data) => JSON.stringify(data),
    unpackMessage: (text) => JSON.parse(text),
    timeout: 10_000,
  });
  const heard = [];
  const waiting = [];
  socket.onUnpackedMessage.addListener((frame) => {
    heard.push(frame);
    for (const look of [...waiting]) look();
  });
  const next = (state) =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no ${state} in ${JSON.stringify(heard)}`)), 10_000);
      const look = () => {
        const at = heard.findIndex((frame) => frame.state === state);
        if (at < 0) return;
        clearTimeout(late);
        waiting.splice(waiting.indexOf(look), 1);
        resolve(heard.splice(at, 1)[0]);
      };
      waiting.push(look);
      look();
    });
  await socket.open();
  socket.sendPacked({ ...(token && { token }), ...(session && { session }) });
  const { data } = await next("initialised");
  return { socket, next, data };
}

const ada = await enter();
console.log("initialised");

ada.socket.sendPacked({ state: "startThings", data: { text: "by the guide" } });
const started = await ada.next("startThings");
assert.equal(started.data.entry.text, "by the guide");
assert.equal(started.error, undefined);
console.log("startThings");

const bob = await enter(ada.data.session);
assert.equal(bob.data.snapshot.entries[0].text, "by the guide");
bob.socket.sendPacked({ state: "somethingHappened", data: { text: "to everybody" } });
assert.equal((await bob.next("somethingHappened")).data.entry.text, "to everybody");
const update = await ada.next("somethingHappened");
assert.equal(update.from, bob.data.participant);
assert.equal(update.data.entry.text, "to everybody");
console.log("somethingHappened");

for (const bad of [{ state: "nobodyKnows" }, { state: "startThings", data: { text: 1 } }, { data: 1 }]) {
  ada.socket.sendPacked(bad);
  assert.equal(typeof (await ada.next("error")).error, "string");
}
ada.socket.send("{broken");
assert.equal(typeof (await ada.next("error")).error, "string");
console.log("errors");

const closed = new Promise((resolve) => {
  bob.socket.onClose.addListener(({ code }) => resolve(code));
});
ada.socket.sendPacked({ state: "save", data: { title: "Kept" } });
assert.equal((await ada.next("save")).error, undefined);
assert.equal(await closed, 1000);
console.log("save");

const again = await enter(ada.data.session);
assert.deepEqual(
  again.data.snapshot.entries.map((entry) => entry.text).slice(0, 2),
  ["by the guide", "to everybody"],
);
await again.socket.close();
console.log("opened again");
