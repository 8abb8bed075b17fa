import { Link, useLocation } from "react-router";

import { currentApp, isCurrent, type NavigationItem, useNavigation } from "../duplex";
import AppIcon from "./AppIcon";

export default function AppDock() {
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
