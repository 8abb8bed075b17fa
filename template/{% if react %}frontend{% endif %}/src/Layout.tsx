import { Link, useLocation } from "react-router";

import AppHeader from "./components/AppHeader";
import AppIcon from "./components/AppIcon";
import ToastStack from "./components/ToastStack";
import {
  currentApp,
  CurrentPage,
  isCurrent,
  type NavigationItem,
  PageInspector,
  useNavigation,
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
