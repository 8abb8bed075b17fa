import { defineStore } from "pinia";

import { userList } from "../auth/users";
import { useReadable } from "../duplex";

/** One page of all accounts, and the actions of admins. */
export const useUsers = defineStore("users", () => {
  const { load, forget, act, create } = userList;
  return { list: useReadable(userList), load, forget, act, create };
});
