import { lazy, Suspense } from "react";

import AppDock from "./components/AppDock";
import AppHeader from "./components/AppHeader";
import ToastStack from "./components/ToastStack";
import { usePageChange } from "./hooks/usePageChange";
import { useReadable } from "./hooks/useReadable";
import { inspectorSwitch } from "./inspector/switch";
import { CurrentPage } from "./router";

const PageInspector = lazy(() => import("./components/inspector/PageInspector"));

export default function App() {
  usePageChange();
  const inspected = useReadable(inspectorSwitch);
  return (
    <>
      <a href="#main" className="skip-link">
        Skip to content
      </a>
      <AppHeader />
      <main id="main" tabIndex={-1} className="outline-none">
        <CurrentPage />
      </main>
      <AppDock />
      <ToastStack />
      {inspected && (
        <Suspense>
          <PageInspector />
        </Suspense>
      )}
    </>
  );
}
