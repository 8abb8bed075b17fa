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
} from "./app";
export * from "./bindings/pages";
export * from "./bindings/session";
export * from "./client/contract";
export { CLOSE, NAME_LENGTH, type StreamEnd } from "./client/protocol.generated";
export { type Api, ApiError, createApi } from "./client/rest";
export { SessionSocket } from "./client/sessionSocket";
export { createStore, forgetting, type Readable, type Store } from "./client/stores";
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
export {
  closesSession,
  displayName,
  formStates,
  liveSession,
  NOT_BLANK,
  reloadPage,
  sendForm,
  stateLabel,
  stateNames,
} from "./session/live";
export {
  connectionDetails,
  ending,
  NEXT_STEP_LABELS,
  type NextStep,
  notices,
  sessionSummary,
} from "./session/notices";
export { copyInvite, isGenerated, readSessionName, type RoomPhase } from "./session/room";
export { CONNECTION_WORDS, type SessionState, type Streaming } from "./session/state";
export type { SessionStore } from "./session/store";
// `ICONS`: for `components/icons.ts` of projects that began with 0.1.0a1.
export { type IconName, ICONS, theme, THEME_CHOICES, type ThemeChoice } from "./ui/appearance";
export {
  focusField,
  focusKeeper,
  keepFocus,
  keepingFocus,
  openDialog,
  startOfPage,
} from "./ui/focus";
export { formatCount, formatDate, formatTime, initials, isolated } from "./ui/format";
export {
  createList,
  createPagedList,
  type PagedList,
  type PagedState,
  pageTurning,
  type Part,
  type Slice,
  sliceQuery,
} from "./ui/paging";
export { attempt, copyText, problemOf, TOAST_TIME, toasts } from "./ui/toasts";
