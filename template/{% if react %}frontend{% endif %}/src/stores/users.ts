import { create } from "zustand";

import type { Profile } from "../api/auth";
import { userList } from "../auth/users";
import type { PagedState } from "../duplex";

/** One page of all accounts. `userList` has what an admin can do with them. */
export const useUsers = create<PagedState<Profile>>()(() => userList.getSnapshot());

userList.subscribe(() => {
  useUsers.setState(userList.getSnapshot(), true);
});
