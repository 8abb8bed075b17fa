import { Link, useLocation } from "react-router";

import { features } from "../features";
import { useReadable } from "../hooks/useReadable";
import { project } from "../project";
import { isCurrent } from "../ui/navigation";
import AppIcon from "./AppIcon";
import ConnectionStatus from "./ConnectionStatus";
import ThemeToggle from "./ThemeToggle";

export default function AppHeader() {
  const { pathname } = useLocation();
  const navigation = useReadable(features.navigation);
  const { AccountMenu } = features;
  return (
    <header className="app-header">
      <div className="mx-auto flex h-16 max-w-6xl items-center gap-2 px-5 sm:gap-3 sm:px-8">
        <Link to="/" className="brand">
          <span className="brand-mark">
            <AppIcon name="duplex" />
          </span>
          <span className="truncate max-[22.5rem]:sr-only">{project.name}</span>
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
