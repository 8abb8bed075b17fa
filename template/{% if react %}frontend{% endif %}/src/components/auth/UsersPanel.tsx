import { useEffect, useState } from "react";

import { usePageNumber } from "../../hooks/usePageNumber";
import { type Asked, NOBODY_ELSE, userList, USERS_INTRO } from "../../pages/auth/users";
import { useUsers } from "../../stores/users";
import PagedList from "../PagedList";
import UserDialog from "./UserDialog";
import UserList from "./UserList";

/** The accounts; `self` is the id of the admin's own. */
export default function UsersPanel({ self }: { self: string }) {
  const list = useUsers();
  const page = usePageNumber();
  const [asking, setAsking] = useState<Asked | null>(null);

  useEffect(() => {
    void userList.load(page);
  }, [page]);

  async function act(asked: Asked): Promise<void> {
    if (!(await userList.act(asked))) return;
    // Meanwhile something else may have been asked.
    setAsking((now) => (now === asked ? null : now));
  }

  function choose(asked: Asked): void {
    if (asked.action.question === null) void act(asked);
    else setAsking(asked);
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
      {asking && (
        <UserDialog
          asked={asking}
          onClose={() => {
            setAsking(null);
          }}
          onAct={() => {
            void act(asking);
          }}
        />
      )}
    </>
  );
}
