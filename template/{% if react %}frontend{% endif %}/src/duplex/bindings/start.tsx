import { type ComponentType, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";

import { type App, configureApp } from "../app/app";
import { prepareInspector } from "../inspector/switch";

/** Registers the application and shows `Layout` in the element `root`. */
export async function startApp(
  app: App<ComponentType>,
  Layout: ComponentType,
  root: Element,
): Promise<void> {
  configureApp(app);
  // RequireAccount redirects users who are signed out, on the pages that need an account.
  app.accounts?.follow(() => undefined);
  void app.accounts?.start();
  await prepareInspector();
  createRoot(root).render(
    <StrictMode>
      <BrowserRouter>
        <Layout />
      </BrowserRouter>
    </StrictMode>,
  );
}
