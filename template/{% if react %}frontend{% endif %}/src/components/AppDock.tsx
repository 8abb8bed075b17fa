import { Link, useLocation } from "react-router";

import { features } from "../features";
import { useReadable } from "../hooks/useReadable";
import { HOME, isCurrent } from "../ui/navigation";
import AppIcon from "./AppIcon";

export default function AppDock() {
  const { pathname } = useLocation();
  const navigation = useReadable(features.navigation);
  return (
    <nav aria-label="Pages" className="dock app-dock md:hidden">
      {[HOME, ...navigation].map((item) => (
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
