import { useId, useRef } from "react";
import { Link, useNavigate } from "react-router";

import { auth } from "../../api/auth";
import { AppIcon, attempt, currentApp, initials } from "../../duplex";
import { useAuth } from "../../stores/auth";

export default function AccountMenu() {
  const { status, user } = useAuth();
  const { paths } = currentApp();
  const navigate = useNavigate();
  const menuId = useId();
  const menu = useRef<HTMLDivElement>(null);

  async function signOut(): Promise<void> {
    menu.current?.hidePopover();
    if (await attempt(() => auth.signOut())) await navigate(paths.home);
  }

  if (status === "starting") return <span className="size-10 skeleton rounded-full" />;
  if (user === null) {
    return (
      <Link to={auth.signInPath(paths.start)} className="btn btn-primary max-sm:btn-sm">
        Sign in
      </Link>
    );
  }
  return (
    <>
      <button type="button" className="btn btn-circle btn-ghost" popoverTarget={menuId}>
        <span className="sr-only">
          Account: <bdi>{user.name}</bdi>
        </span>
        <span className="avatar-round" aria-hidden="true">
          {initials(user.name)}
        </span>
      </button>
      <div id={menuId} ref={menu} popover="auto" className="account-menu">
        <p className="px-3 pt-2 font-medium wrap-break-word">
          <bdi>{user.name}</bdi>
        </p>
        <p className="muted px-3 pb-3 text-sm wrap-anywhere">{user.email}</p>
        <Link
          to="/account"
          className="account-item"
          onClick={() => {
            menu.current?.hidePopover();
          }}
        >
          <AppIcon name="user" /> Account
        </Link>
        <button
          type="button"
          className="account-item"
          onClick={() => {
            void signOut();
          }}
        >
          <AppIcon name="arrowRight" /> Sign out
        </button>
      </div>
    </>
  );
}
