import AppDock from "./components/AppDock";
import AppHeader from "./components/AppHeader";
import ToastStack from "./components/ToastStack";
import { usePageChange } from "./hooks/usePageChange";
import { CurrentPage } from "./router";

export default function App() {
  usePageChange();
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
    </>
  );
}
