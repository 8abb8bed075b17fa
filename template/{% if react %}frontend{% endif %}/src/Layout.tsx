import { Link, useLocation } from "react-router";

import ToastStack from "./components/ToastStack";
import {
  AppIcon,
  CONNECTION_WORDS,
  currentApp,
  CurrentPage,
  isCurrent,
  type NavigationItem,
  PageInspector,
  theme,
  useNavigation,
  useReadable,
  useSession,
} from "./duplex";

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

function AppHeader() {
  const { pathname } = useLocation();
  const navigation = useNavigation();
  const { name, paths, accountMenu: AccountMenu } = currentApp();
  return (
    <header className="app-header">
      <div className="mx-auto flex h-16 max-w-6xl items-center gap-2 px-5 sm:gap-3 sm:px-8">
        <Link to={paths.home} className="brand">
          <span className="brand-mark">
            <AppIcon name="duplex" />
          </span>
          <span
            className={`truncate ${AccountMenu ? "max-[26rem]:sr-only" : "max-[22.5rem]:sr-only"}`}
          >
            {name}
          </span>
        </Link>
        <nav aria-label="Pages" className="ml-6 hidden items-center gap-1 md:flex">
          {navigation.map(({ to, label }) => (
            <Link
              key={to}
              to={to}
              className={isCurrent(pathname, to) ? "nav-link nav-link-current" : "nav-link"}
              aria-current={pathname === to ? "page" : undefined}
            >
              {label}
            </Link>
          ))}
        </nav>
        <div className="ml-auto flex shrink-0 items-center gap-2 sm:gap-3">
          <ConnectionStatus />
          <ThemeToggle />
          {AccountMenu && <AccountMenu />}
        </div>
      </div>
    </header>
  );
}

function ConnectionStatus() {
  const status = useSession((session) => session.status);
  return (
    <div role="status" aria-label="Connection" className="status-pill" data-status={status}>
      <span className="status-dot" />
      {CONNECTION_WORDS[status]}
    </div>
  );
}

function ThemeToggle() {
  const other = useReadable(theme).shown === "dark" ? "light" : "dark";
  return (
    <button
      type="button"
      className="btn btn-square btn-ghost"
      aria-label={`Switch to ${other} theme`}
      onClick={() => {
        theme.toggle();
      }}
    >
      <AppIcon name={other === "dark" ? "moon" : "sun"} />
    </button>
  );
}

/** The navigation on a phone. */
function AppDock() {
  const { pathname } = useLocation();
  const home: NavigationItem = { to: currentApp().paths.home, label: "Home", icon: "home" };
  const navigation = useNavigation();
  return (
    <nav aria-label="Pages" className="dock app-dock md:hidden">
      {[home, ...navigation].map((item) => (
        <Link
          key={item.to}
          to={item.to}
          className={isCurrent(pathname, item.to) ? "dock-active" : undefined}
          aria-current={pathname === item.to ? "page" : undefined}
        >
          <AppIcon name={item.icon} />
          <span className="dock-label">{item.label}</span>
        </Link>
      ))}
    </nav>
  );
}
