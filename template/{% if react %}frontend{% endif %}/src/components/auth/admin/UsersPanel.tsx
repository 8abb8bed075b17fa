import { useEffect, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";

import { nobodyElse, type UserAction, usersPath } from "../../../auth/users";
import { usePageNumber } from "../../../duplex";
import { useSignUpOpen } from "../../../stores/auth";
import { userList, useUsers } from "../../../stores/users";
import ConfirmDialog from "../../ConfirmDialog";
import PagedList from "../../PagedList";
import UserForm from "./UserForm";
import UserList from "./UserList";

/** All accounts; `self` is the id of the admin's own. */
export default function UsersPanel({ self }: { self: string }) {
  const list = useUsers();
  const signUpOpen = useSignUpOpen();
  const page = usePageNumber();
  const [query] = useSearchParams();
  const search = query.get("search") ?? "";
  const [adding, setAdding] = useState(false);
  const [asking, setAsking] = useState<UserAction | null>(null);

  useEffect(() => {
    void userList.load(page, search);
  }, [page, search]);

  async function act(action: UserAction): Promise<void> {
    if (!(await userList.act(action))) return;
    // Another confirmation may have been opened in the meantime.
    setAsking((now) => (now === action ? null : now));
  }

  function choose(action: UserAction): void {
    if (action.question === null) void act(action);
    else setAsking(action);
  }

  return (
    <>
      <p className="muted mt-3 text-pretty">
        All accounts of this application.{" "}
        <Link to="/users/audit" className="text-link">
          Audit log
        </Link>
      </p>
      <div className="mt-6 flex flex-wrap gap-3">
        <SearchForm start={search} />
        <button
          type="button"
          className="btn btn-primary"
          onClick={() => {
            setAdding(true);
          }}
        >
          Add a user
        </button>
      </div>
      <PagedList
        list={list}
        path={usersPath(search)}
        onRetry={() => {
          void userList.load();
        }}
      >
        {(users) => (
          <>
            {users.length > 0 ? (
              <UserList users={users} self={self} onAct={choose} />
            ) : (
              <p className="muted text-center">
                No account matches “<bdi>{search}</bdi>”.
              </p>
            )}
            {list.total === 1 && search === "" && (
              <p className="muted mt-4 text-center text-sm">{nobodyElse(signUpOpen)}</p>
            )}
          </>
        )}
      </PagedList>
      {adding && (
        <UserForm
          onClose={() => {
            setAdding(false);
          }}
        />
      )}
      {asking?.question && (
        <ConfirmDialog
          title={asking.question.title}
          action={asking.label}
          onClose={() => {
            setAsking(null);
          }}
          onConfirm={() => {
            void act(asking);
          }}
        >
          {asking.question.text}
        </ConfirmDialog>
      )}
    </>
  );
}

function SearchForm({ start }: { start: string }) {
  const navigate = useNavigate();
  const [text, setText] = useState(start);
  return (
    <form
      role="search"
      className="flex min-w-0 flex-1 basis-72 gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        void navigate(usersPath(text.trim()));
      }}
    >
      <input
        type="search"
        className="input min-w-0 flex-1"
        aria-label="Name or e-mail address"
        placeholder="Name or e-mail address"
        value={text}
        onChange={({ target }) => {
          setText(target.value);
        }}
      />
      <button type="submit" className="btn btn-quiet">
        Search
      </button>
    </form>
  );
}
