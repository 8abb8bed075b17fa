import { create } from "zustand";

import { auth, type AuthState } from "../api/auth";

/** Who is signed in. Everything one does with an account is a method of `auth`. */
export const useAuth = create<AuthState>()(() => auth.getSnapshot());

auth.subscribe(() => {
  useAuth.setState(auth.getSnapshot(), true);
});
