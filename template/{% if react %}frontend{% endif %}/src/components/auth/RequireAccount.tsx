import type { ReactNode } from "react";
import { Navigate, useLocation } from "react-router";

import { saysSignedOut, signInPath } from "../../pages/auth/account";
import { useSession } from "../../hooks/useSession";
import { useAuth } from "../../stores/auth";

/** Sends whoever is not signed in to the sign-in page, now and when an account goes away. */
export default function RequireAccount({ children }: { children: ReactNode }) {
  const status = useAuth((state) => state.status);
  const { pathname, search, hash } = useLocation();
  const saidHere = useSession((state) => saysSignedOut(state, pathname));
  if (status === "starting") return null;
  if (status === "signedOut" && !saidHere)
    return <Navigate to={signInPath(pathname + search + hash)} replace />;
  return children;
}
