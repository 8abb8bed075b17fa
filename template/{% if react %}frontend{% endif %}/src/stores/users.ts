import { create } from "zustand";

import type { Profile } from "../api/auth";
import { userList } from "../pages/auth/users";
import type { PagedState } from "../ui/paging";

/** Everybody's accounts, as they were when last asked for. What an admin does is in `userList`. */
export const useUsers = create<PagedState<Profile>>()(() => userList.getSnapshot());

userList.subscribe(() => {
  useUsers.setState(userList.getSnapshot(), true);
});
