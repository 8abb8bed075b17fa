/**
 * The engine's public names. Outside of this folder nothing else is imported from it, except from the
 * doors of its optional parts: `duplex/accounts`, `duplex/forms` and `duplex/testing`.
 */
export {
  type Accounts,
  type App,
  configureApp,
  isCurrent,
  type NavigationItem,
  type PageRoute,
  pageTitle,
} from "./app/app";
export * from "./bindings";
export * from "./client/contract";
export { Listeners } from "./client/listeners";
export { CLOSE, NAME_LENGTH, type StreamEnd } from "./client/protocol.generated";
export { type Api, ApiError, createApi } from "./client/rest";
export { SessionSocket } from "./client/sessionSocket";
export {
  type CallOptions,
  type Initialised,
  type ISocketRequest,
  type ISocketResponse,
  type Participant,
  type ParticipantsPage,
  type ResumedStream,
  SessionError,
  type SocketClient,
  type SocketOptions,
  type SocketStatus,
  type TokenProvider,
  type WireEvent,
} from "./client/types";
export { inspectorSwitch } from "./inspector/switch";
export { displayName, NOT_BLANK } from "./session/displayName";
export { ending, NEXT_STEP_LABELS, type NextStep } from "./session/endings";
export {
  closesSession,
  formStates,
  liveSession,
  reloadPage,
  sendForm,
  stateLabel,
  stateNames,
} from "./session/live";
export { copyInvite, isGenerated, readSessionName } from "./session/names";
export { notices } from "./session/notices";
export type { RoomPhase } from "./session/room";
export type { SessionState, Streaming } from "./session/state";
export type { SessionStore } from "./session/store";
export type { FormOf, Watcher, Watchers } from "./session/watchers";
export { connectionDetails, CONNECTION_WORDS, sessionSummary } from "./session/words";
export { keepFocus, openDialog, startOfPage } from "./ui/focus";
export {
  formatBytes,
  formatCount,
  formatDate,
  formatLatency,
  formatTime,
  initials,
} from "./ui/format";
export { type IconName, ICONS } from "./ui/icons";
export {
  createPagedList,
  type PagedList,
  type PagedState,
  pageTurning,
  type Part,
  type Slice,
  sliceQuery,
} from "./ui/paging";
export { attempt, problemOf } from "./ui/problem";
export { storage } from "./ui/storage";
export { createStore, forgetting, type Readable, type Store } from "./ui/store";
export { theme, THEME_CHOICES, type ThemeChoice } from "./ui/theme";
export { toasts, TOAST_TIME } from "./ui/toasts";
