import { defineStore } from "pinia";

import { useReadable } from "../composables/useReadable";
import { userList } from "../pages/auth/users";

/** Everybody's accounts, as they were when last asked for, and what an admin does with them. */
export const useUsers = defineStore("users", () => ({
  list: useReadable(userList),
  load: userList.load,
  act: userList.act,
}));
