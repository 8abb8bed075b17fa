import { create } from "zustand";

import type { Profile } from "../api/auth";
import { type NewUser, users } from "../api/users";
import { createPagedList, type PagedState } from "../duplex";
import type { UserAction } from "../pages/auth/users";

let search = "";
const list = createPagedList((slice) => users.list(slice, search));

/** One page of all accounts. `userList` has what an admin can do with them. */
export const useUsers = create<PagedState<Profile>>()(() => list.getSnapshot());

list.subscribe(() => {
  useUsers.setState(list.getSnapshot(), true);
});

export const userList = {
  load(page?: number, text = search): Promise<void> {
    search = text;
    return list.load(page);
  },
  forget: list.forget,
  act: (action: UserAction): Promise<boolean> => list.change(action.send, action.done),
  create: (user: NewUser): Promise<boolean> =>
    list.change(
      () => users.create(user),
      user.invite ? `An invitation to ${user.email} is on its way.` : `${user.name} was added.`,
    ),
};
