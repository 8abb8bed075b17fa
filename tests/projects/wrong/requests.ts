// What a page must not write; the line of each fault ends with the error that is expected there.
import type { Requests, SessionStore, StateName } from "../duplex";

export async function faults(session: SessionStore): Promise<void> {
  await session.sendSocketRequest("stopThings", {}); // error TS2345
  await session.sendSocketRequest("somethingHappened", {}); // error TS2345
  await session.sendSocketRequest("save", { name: "x" }); // error TS2353
  await session.sendSocketRequest("save", { title: 1 }); // error TS2322
  await session.sendSocketRequest("startThings", {}); // error TS2345
  const saved = await session.sendSocketRequest("save", { title: "x" });
  console.log(saved.id, saved.owner); // error TS2339
}

export const right: Requests["startThings"] = { words: "x" };
export const renamed: Requests["startThings"] = { text: "x" }; // error TS2353
export const gone: StateName = "somethingHappened"; // error TS2322
