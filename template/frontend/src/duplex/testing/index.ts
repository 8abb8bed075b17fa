/** Test doubles for pages that use the session: a WebSocket whose other end is the test. */
export * from "./browser";
export * from "./fakeSocket";
