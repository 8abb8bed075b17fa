/** The engine for React. */
export { type Session, useNavigation, useReadable, useSession } from "./hooks";
export {
  currentApp,
  CurrentPage,
  type PageComponent,
  PageInspector,
  startApp,
  usePageNumber,
} from "./pages";
export { type Room, useRoom } from "./useRoom";
