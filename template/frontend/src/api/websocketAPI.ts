/**
 * The socket of the session, typed by the contract. `SocketClient` documents what it does.
 * The first page that uses a session loads this module (`src/app.ts`): elsewhere import only its types.
 */
import { SessionSocket, type SocketClient, type SocketOptions } from "../duplex";
import { apiCore } from "./core";
import {
  CONTRACT,
  type Events,
  type Initialised,
  type Requests,
  type Responses,
  STATES,
} from "./generated/contract";

export type { ISocketRequest, ISocketResponse, SocketClient } from "../duplex";

// With this the engine knows the contract: `request("startThings", …)` is typed everywhere.
declare module "../duplex" {
  interface Register {
    contract: {
      requests: Requests;
      responses: Responses;
      states: typeof STATES;
      events: Events;
      document: Initialised["snapshot"];
    };
  }
}

// After a change here every file is checked again. Without this, TypeScript's incremental checks look only at files that import
// this one, and most of those that `Register` types import only "../duplex".
declare global {}

/** For an `app.ts` that gives `apiSockets.socketRequest` instead of `load`, as those of 0.1.0a1 do. */
export const contract = { fingerprint: CONTRACT, states: STATES };

/** Creates a socket, by default for this page's own session. */
function socketRequest(options: Partial<SocketOptions> = {}): SocketClient {
  const own = { url: apiCore.wsurl(), token: apiCore.token, contract: CONTRACT };
  return new SessionSocket({ ...own, ...options });
}

export const apiSockets = { socketRequest };
