/** The engine for Vue. */
export {
  type Room,
  type Session,
  useNavigation,
  useReadable,
  useRoom,
  useSession,
} from "./composables";
export { default as PageInspector } from "./inspector/PageInspector.vue";
export { currentApp, type PageComponent, startApp, usePageNumber } from "./pages";
