import { type ReactNode, useEffect, useRef } from "react";
import { Navigate, useSearchParams } from "react-router";

import { auth } from "../../api/auth";
import { nextPath } from "../../auth/signIn";
import { toasts } from "../../duplex";
import { useAuth } from "../../stores/auth";
import { useSecondStep } from "./useSecondStep";

interface AuthCardProps {
  title: string;
  /** The page to open after signing in; if missing, the page that was requested before. */
  next?: string | undefined;
  /** Show the page to signed-in users too. */
  stay?: boolean;
  children: ReactNode;
  /** The link to another page for signing in. */
  other?: ReactNode;
}

/** A page for signing in. */
export default function AuthCard({ title, next, stay = false, children, other }: AuthCardProps) {
  const [query] = useSearchParams();
  const signedIn = useAuth(({ status }) => status === "signedIn");
  const panel = useRef<HTMLDivElement>(null);
  const step = useSecondStep(panel);
  useEffect(
    () => () => {
      auth.startOver();
      toasts.dismissErrors();
    },
    [],
  );
  // Signed-in users are redirected: after signing in here or in another tab, and when they return to
  // this page, which is therefore replaced in the history.
  if (signedIn && !stay) return <Navigate to={next ?? nextPath(query.get("next"))} replace />;
  return (
    <div className="page page-narrow">
      <div className="mx-auto max-w-md">
        <h1 className="page-title">{step === null ? title : "One more step"}</h1>
        <div ref={panel} className="panel mt-8 flex flex-col gap-6">
          {step ?? children}
        </div>
        {other !== undefined && <p className="muted mt-6 text-center">{other}</p>}
      </div>
    </div>
  );
}
