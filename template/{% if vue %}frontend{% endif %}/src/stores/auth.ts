import { defineStore } from "pinia";
import { computed, type ShallowRef } from "vue";

import { auth } from "../api/auth";
import { signUpOpen } from "../auth/signIn";
import { useReadable } from "../duplex";

/** The signed-in user. All operations on the account are methods of `auth`. */
export const useAuth = defineStore("auth", () => {
  const state = useReadable(auth);

  return {
    /** Null while nobody is signed in, or while this is unknown. */
    user: computed(() => state.value.user),
    /** Whether it is still unknown if a user is signed in. */
    starting: computed(() => state.value.status === "starting"),
    signInPath: auth.signInPath,
    signOut: () => auth.signOut(),
  };
});

/** Whether visitors can create an account; null until the server has answered. */
export function useSignUpOpen(): Readonly<ShallowRef<boolean | null>> {
  void signUpOpen.load();
  return useReadable(signUpOpen);
}
