/** The engine's sign-in, for applications that have one. */
export * from "./auth";
export { confirmation, confirmed } from "./confirmation";
export * from "./follow";
