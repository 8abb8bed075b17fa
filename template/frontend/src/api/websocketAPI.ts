/** The session's socket, framework-free: see `SocketClient` for what it does. */
import { SessionSocket } from "./socket/client";
import type { SocketClient, SocketOptions } from "./socket/types";

export { Listeners } from "./socket/listeners";
export type { Resume } from "./socket/position";
export { SessionError } from "./socket/types";
export type {
  CallOptions,
  ISocketRequest,
  ISocketResponse,
  Reply,
  SessionErrorCode,
  SocketClient,
  SocketOptions,
  SocketStatus,
  StateFrame,
  StatusChange,
  WireEvent,
} from "./socket/types";

function socketRequest(options: SocketOptions = {}): SocketClient {
  return new SessionSocket(options);
}

export const apiSockets = { socketRequest };
