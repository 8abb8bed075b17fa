import type { ReactNode } from "react";

import { ADMINS_ONLY } from "../../../auth/users";
import { useAuth } from "../../../stores/auth";
import EmptyState from "../../EmptyState";

interface AdminPageProps {
  title: string;
  /** Gets the id of the admin's own account. */
  children: (self: string) => ReactNode;
}

/** A page that only admins see. */
export default function AdminPage({ title, children }: AdminPageProps) {
  const user = useAuth((state) => state.user);
  return (
    <div className="page max-w-4xl">
      <h1 className="page-title">{title}</h1>
      {user?.is_admin === true && children(user.id)}
      {user?.is_admin === false && (
        <div className="panel mt-8">
          <EmptyState icon="lock" title={ADMINS_ONLY.title}>
            {ADMINS_ONLY.text}
          </EmptyState>
        </div>
      )}
    </div>
  );
}
