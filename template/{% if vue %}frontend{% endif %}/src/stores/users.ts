import { defineStore } from "pinia";

import { type NewUser, users } from "../api/users";
import { createPagedList, useReadable } from "../duplex";
import type { UserAction } from "../pages/auth/users";

let search = "";
const list = createPagedList((slice) => users.list(slice, search));

/** One page of all accounts, and the actions of admins. */
export const useUsers = defineStore("users", () => ({
  list: useReadable(list),
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
}));
