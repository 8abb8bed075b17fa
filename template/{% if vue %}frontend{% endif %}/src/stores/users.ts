import { defineStore } from "pinia";

import { users } from "../api/users";
import { createPagedList, useReadable } from "../duplex";
import type { AdminRequest } from "../pages/auth/users";

const list = createPagedList((slice) => users.list(slice));

/** One page of all accounts, and the actions of admins. */
export const useUsers = defineStore("users", () => ({
  list: useReadable(list),
  load: list.load,
  forget: list.forget,
  act: ({ user, action }: AdminRequest): Promise<boolean> =>
    list.change(() => users.change(user.id, action.change), action.done),
}));
