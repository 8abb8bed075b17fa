import type { ReactNode } from "react";
import { Navigate, useSearchParams } from "react-router";

import { nextPath } from "../../pages/auth/account";
import { useAuth } from "../../stores/auth";

interface AuthCardProps {
  title: string;
  /** The text of the button. */
  action: string;
  busy: boolean;
  onSubmit: () => void;
  children: ReactNode;
  /** The link to the other page for signing in. */
  other: ReactNode;
}

/** A page for signing in. */
export default function AuthCard({
  title,
  action,
  busy,
  onSubmit,
  children,
  other,
}: AuthCardProps) {
  const [query] = useSearchParams();
  const signedIn = useAuth(({ status }) => status === "signedIn");
  // Signed-in users are redirected: after signing in here or in another tab, and when they return to
  // this page, which is therefore replaced in the history.
  if (signedIn) return <Navigate to={nextPath(query.get("next"))} replace />;
  return (
    <div className="page page-narrow">
      <div className="mx-auto max-w-md">
        <h1 className="page-title">{title}</h1>
        <form
          className="panel mt-8 flex flex-col gap-6"
          onSubmit={(event) => {
            event.preventDefault();
            if (!busy) onSubmit();
          }}
        >
          {children}
          <button type="submit" className="btn btn-block btn-primary" aria-disabled={busy}>
            {busy && <span className="loading loading-sm loading-spinner" />}
            {action}
          </button>
        </form>
        <p className="muted mt-6 text-center">{other}</p>
      </div>
    </div>
  );
}
