import { Link, useLocation } from "react-router";

import { HOME, isCurrent, NAVIGATION } from "../ui/navigation";
import AppIcon from "./AppIcon";

export default function AppDock() {
  const { pathname } = useLocation();
  return (
    <nav aria-label="Pages" className="dock app-dock md:hidden">
      {[HOME, ...NAVIGATION].map((item) => (
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
