/** The engine for Vue. */
export { type Session, useNavigation, useReadable, useSession } from "./composables";
export {
  currentApp,
  type PageComponent,
  PageInspector,
  startApp,
  usePageNumber,
  useQuery,
} from "./pages";
export { type Room, useRoom } from "./useRoom";
