import { create } from "zustand";

import { auth, type AuthState } from "../api/auth";

/** The signed-in user. All operations on the account are methods of `auth`. */
export const useAuth = create<AuthState>()(() => auth.getSnapshot());

auth.subscribe(() => {
  useAuth.setState(auth.getSnapshot(), true);
});
