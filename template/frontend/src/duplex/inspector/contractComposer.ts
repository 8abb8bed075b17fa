import { currentApp } from "../app/app";
import { liveSession, stateNames } from "../session/live";
import { fetchDocument } from "./asyncapi";
import { type Composer, createComposer } from "./composer";

/** A form for the requests of the page's session, made from the server's contract. */
export const createContractComposer = (): Composer =>
  createComposer(liveSession, () => fetchDocument(currentApp().api), stateNames);
