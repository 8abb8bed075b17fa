import type { Profile } from "../../../api/auth";
import { OWN_ACCOUNT, type UserAction, userActions } from "../../../auth/users";
import { initials } from "../../../duplex";

interface UserListProps {
  users: readonly Profile[];
  self: string;
  onAct: (action: UserAction) => void;
}

export default function UserList({ users, self, onAct }: UserListProps) {
  return (
    <ul className="panel divide-y divide-base-300 py-0 sm:py-0" aria-label="Users">
      {users.map((user) => (
        <li key={user.id} className="flex flex-wrap items-center gap-x-4 gap-y-3 py-5">
          <span className="avatar-round" aria-hidden="true">
            {initials(user.name)}
          </span>
          <div className="min-w-0 flex-1 basis-56">
            <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
              <bdi className="font-medium wrap-anywhere">{user.name}</bdi>
              <span className={user.is_admin ? "tag tag-primary" : "tag"}>
                {user.is_admin ? "Admin" : "User"}
              </span>
              <span className={user.is_active ? "tag" : "tag tag-error"}>
                {user.is_active ? "Active" : "Deactivated"}
              </span>
            </p>
            <p className="muted mt-0.5 text-sm wrap-anywhere">
              <bdi>{user.email}</bdi>
            </p>
          </div>
          {user.id === self ? (
            <p className="muted text-sm text-pretty sm:max-w-48 sm:text-right">{OWN_ACCOUNT}</p>
          ) : (
            <UserActions user={user} onAct={onAct} />
          )}
        </li>
      ))}
    </ul>
  );
}

function UserActions({ user, onAct }: { user: Profile; onAct: (action: UserAction) => void }) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      {userActions(user).map((action) => (
        <button
          key={action.kind}
          type="button"
          className="btn btn-quiet btn-sm"
          aria-label={`${action.label}: ${user.email}`}
          onClick={() => {
            onAct(action);
          }}
        >
          {action.label}
        </button>
      ))}
    </div>
  );
}
