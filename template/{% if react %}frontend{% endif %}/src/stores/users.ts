import { create } from "zustand";

import type { Profile } from "../api/auth";
import { userList } from "../auth/users";
import type { PagedState } from "../duplex";

/** What an admin can do with the accounts. */
export { userList };

/** One page of all accounts. */
export const useUsers = create<PagedState<Profile>>()(() => userList.getSnapshot());

userList.subscribe(() => {
  useUsers.setState(userList.getSnapshot(), true);
});
