import EmptyState from "../../components/EmptyState";
import UsersPanel from "../../components/auth/UsersPanel";
import { useAuth } from "../../stores/auth";
import { ADMINS_ONLY } from "./users";

export default function UsersPage() {
  const user = useAuth((state) => state.user);
  return (
    <div className="page max-w-4xl">
      <h1 className="page-title">Users</h1>
      {user?.is_admin === true && <UsersPanel self={user.id} />}
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
