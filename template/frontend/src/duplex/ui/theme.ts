import { storage } from "./storage";
import { createStore, type Readable } from "./store";

export type ThemeName = "light" | "dark";
export type ThemeChoice = "system" | ThemeName;

export const THEME_CHOICES: readonly { value: ThemeChoice; label: string }[] = [
  { value: "system", label: "Like the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

export interface Theme {
  /** What the user asked for. */
  choice: ThemeChoice;
  /** What the page shows. */
  shown: ThemeName;
}

export interface ThemeStore extends Readable<Theme> {
  choose(choice: ThemeChoice): void;
  /** Switches to the theme that is not shown now. */
  toggle(): void;
}

// The key is read by public/theme.js too, before the first paint.
const KEY = "theme";

const toChoice = (stored: string | null): ThemeChoice =>
  stored === "light" || stored === "dark" ? stored : "system";

function createTheme(): ThemeStore {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const resolve = (choice: ThemeChoice): Theme => ({
    choice,
    shown: choice === "system" ? (dark.matches ? "dark" : "light") : choice,
  });

  const store = createStore(resolve(toChoice(storage.read(KEY))));
  const show = (choice: ThemeChoice): void => {
    store.set(resolve(choice));
    document.documentElement.dataset["theme"] = store.getSnapshot().shown;
  };

  dark.addEventListener("change", () => {
    show(store.getSnapshot().choice);
  });
  // Another tab changed the theme: follow it.
  addEventListener("storage", (event) => {
    if (event.key === KEY) show(toChoice(event.newValue));
  });
  show(store.getSnapshot().choice);

  const choose = (choice: ThemeChoice): void => {
    storage.write(KEY, choice === "system" ? null : choice);
    show(choice);
  };
  return {
    subscribe: store.subscribe,
    getSnapshot: store.getSnapshot,
    choose,
    toggle() {
      choose(store.getSnapshot().shown === "dark" ? "light" : "dark");
    },
  };
}

/** The page's theme: one for the whole page. */
export const theme = createTheme();
