/** The engine for React. */
export { type Room, type Session, useNavigation, useReadable, useRoom, useSession } from "./hooks";
export { default as PageInspector } from "./inspector/PageInspector";
export { currentApp, CurrentPage, type PageComponent, startApp, usePageNumber } from "./pages";
