import { defineStore } from "pinia";

import { useReadable } from "../duplex";
import { userList } from "../pages/auth/users";

/** One page of all accounts, and the actions of admins. */
export const useUsers = defineStore("users", () => {
  const { load, forget, act, create } = userList;
  return { list: useReadable(userList), load, forget, act, create };
});
