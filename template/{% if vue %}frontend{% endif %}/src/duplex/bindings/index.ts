/** The engine for Vue. */
export { currentApp, type PageComponent } from "./app";
export { default as PageInspector } from "./inspector/PageInspector.vue";
export { startApp } from "./start";
export { useNavigation } from "./useNavigation";
export { usePageNumber } from "./usePageNumber";
export { useReadable } from "./useReadable";
export { type Room, useRoom } from "./useRoom";
export { type Session, useSession } from "./useSession";
