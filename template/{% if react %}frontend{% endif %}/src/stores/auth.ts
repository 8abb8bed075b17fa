import { useEffect } from "react";
import { create } from "zustand";

import { auth, type AuthState } from "../api/auth";
import { signUpOpen } from "../auth/signIn";
import { useReadable } from "../duplex";

/** The signed-in user. All operations on the account are methods of `auth`. */
export const useAuth = create<AuthState>()(() => auth.getSnapshot());

auth.subscribe(() => {
  useAuth.setState(auth.getSnapshot(), true);
});

/** Whether visitors can create an account; null until the server has answered. */
export function useSignUpOpen(): boolean | null {
  useEffect(() => {
    void signUpOpen.load();
  }, []);
  return useReadable(signUpOpen);
}
