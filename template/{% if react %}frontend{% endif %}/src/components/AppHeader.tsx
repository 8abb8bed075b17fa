import { Link, useLocation } from "react-router";

import {
  CONNECTION_WORDS,
  currentApp,
  isCurrent,
  theme,
  useNavigation,
  useReadable,
  useSession,
} from "../duplex";
import AppIcon from "./AppIcon";

export default function AppHeader() {
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
