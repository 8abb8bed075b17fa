import type { Component } from "vue";
import type { Router } from "vue-router";

import { type App, configureApp } from "../app/app";
import { prepareInspector } from "../inspector/switch";
import { createPageRouter } from "./router";

/** Registers the application and calls `mount` with its router. */
export async function startApp(
  app: App<Component>,
  mount: (router: Router) => unknown,
): Promise<void> {
  configureApp(app);
  void app.accounts?.start();
  // Guards are part of the router: they are there before the first navigation, which `mount` starts.
  const router = createPageRouter(app);
  await prepareInspector();
  mount(router);
}
