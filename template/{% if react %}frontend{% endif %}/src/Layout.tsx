import AppDock from "./components/AppDock";
import AppHeader from "./components/AppHeader";
import ToastStack from "./components/ToastStack";
import { CurrentPage, PageInspector } from "./duplex";

/** Every page's header, navigation and notifications. */
export default function Layout() {
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
      <PageInspector />
    </>
  );
}
