import { create } from "zustand";

import type { Profile } from "../api/auth";
import { users } from "../api/users";
import { createPagedList, type PagedState } from "../duplex";
import type { AdminRequest } from "../pages/auth/users";

const list = createPagedList((slice) => users.list(slice));

/** One page of all accounts. `userList` has what an admin can do with them. */
export const useUsers = create<PagedState<Profile>>()(() => list.getSnapshot());

list.subscribe(() => {
  useUsers.setState(list.getSnapshot(), true);
});

export const userList = {
  load: list.load,
  forget: list.forget,
  act: ({ user, action }: AdminRequest): Promise<boolean> =>
    list.change(() => users.change(user.id, action.change), action.done),
};
