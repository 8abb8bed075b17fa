import { computed, type ComputedRef } from "vue";

import { type AccountState, currentApp, linksFor, type NavigationItem } from "../app/app";
import { createStore, type Readable } from "../ui/store";
import { useReadable } from "./useReadable";

const nobody: Readable<AccountState | null> = createStore<AccountState | null>(null);

/** The application's links that the present user sees. */
export function useNavigation(): ComputedRef<readonly NavigationItem[]> {
  const account = useReadable<AccountState | null>(currentApp().accounts ?? nobody);
  return computed(() => linksFor(account.value));
}
