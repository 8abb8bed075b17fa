import { useEffect, useState } from "react";

import { usePageNumber } from "../../duplex";
import { type AdminRequest, NOBODY_ELSE, USERS_INTRO } from "../../pages/auth/users";
import { userList, useUsers } from "../../stores/users";
import ConfirmDialog from "../ConfirmDialog";
import PagedList from "../PagedList";
import UserList from "./UserList";

/** All accounts; `self` is the id of the admin's own. */
export default function UsersPanel({ self }: { self: string }) {
  const list = useUsers();
  const page = usePageNumber();
  const [asking, setAsking] = useState<AdminRequest | null>(null);

  useEffect(() => {
    void userList.load(page);
  }, [page]);

  async function act(request: AdminRequest): Promise<void> {
    if (!(await userList.act(request))) return;
    // Another confirmation may have been opened in the meantime.
    setAsking((now) => (now === request ? null : now));
  }

  function choose(request: AdminRequest): void {
    if (request.action.question === null) void act(request);
    else setAsking(request);
  }

  return (
    <>
      <p className="muted mt-3 text-pretty">{USERS_INTRO}</p>
      <PagedList
        list={list}
        path="/users"
        onRetry={() => {
          void userList.load();
        }}
      >
        {(users) => (
          <>
            <UserList users={users} self={self} onAct={choose} />
            {list.total === 1 && <p className="muted mt-4 text-center text-sm">{NOBODY_ELSE}</p>}
          </>
        )}
      </PagedList>
      {asking?.action.question && (
        <ConfirmDialog
          title={asking.action.question.title}
          action={asking.action.label}
          onClose={() => {
            setAsking(null);
          }}
          onConfirm={() => {
            void act(asking);
          }}
        >
          {asking.action.question.text}
        </ConfirmDialog>
      )}
    </>
  );
}
