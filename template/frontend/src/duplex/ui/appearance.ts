/** How the page looks: its theme and its icons. */
import type { Register } from "../client/contract";
import { createStore, type Readable, storage } from "../client/stores";

export type ThemeName = "light" | "dark";
export type ThemeChoice = "system" | ThemeName;

export const THEME_CHOICES: readonly { value: ThemeChoice; label: string }[] = [
  { value: "system", label: "Like the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

export interface Theme {
  /** The user's choice. */
  choice: ThemeChoice;
  /** The applied theme. */
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

/** SVG paths on a 24 × 24 grid, drawn with a round stroke. */
export const ICONS = {
  alert:
    "M12 8v5m0 3.2v.1M10.4 4.2 2.9 17.1A1.9 1.9 0 0 0 4.5 20h15a1.9 1.9 0 0 0 1.6-2.9L13.6 4.2a1.9 1.9 0 0 0-3.2 0Z",
  arrowRight: "M5 12h14m-5-5 5 5-5 5",
  bug: "M8.5 7.5a3.5 3.5 0 0 1 7 0M7.5 11a3 3 0 0 1 3-3.5h3a3 3 0 0 1 3 3.5v3.5a4.5 4.5 0 0 1-9 0Zm0 1.5H4m3.5 3L4.5 18m12-5.5H20m-3.5 3 3 2.5M7.7 9.5 5 7m11.3 2.5L19 7M12 11.5V19",
  check: "m5 12.5 4.5 4.5L19 7.5",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 7.5V12l3 2",
  close: "M6 6l12 12M18 6 6 18",
  download: "M12 4v11m-5-5 5 5 5-5M5 19.5h14",
  duplex: "M4 8.5h15l-4-4M20 15.5H5l4 4",
  home: "M4 11 12 4l8 7v7.5a1.5 1.5 0 0 1-1.5 1.5H15v-6H9v6H5.5A1.5 1.5 0 0 1 4 18.5Z",
  inbox:
    "M4 13.5 6.5 6A2 2 0 0 1 8.4 4.5h7.2A2 2 0 0 1 17.5 6l2.5 7.5v4a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2Zm0 0h5l1.2 2.5h3.6l1.2-2.5h5",
  link: "M10 14a4.2 4.2 0 0 0 6 0l3-3a4.24 4.24 0 0 0-6-6l-1 1m2 4a4.2 4.2 0 0 0-6 0l-3 3a4.24 4.24 0 0 0 6 6l1-1",
  lock: "M7.5 10.5V8a4.5 4.5 0 0 1 9 0v2.5M6.5 10.5h11A1.5 1.5 0 0 1 19 12v6.5a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 18.5V12a1.5 1.5 0 0 1 1.5-1.5Zm5.5 4v2",
  moon: "M20 14.2A8.2 8.2 0 0 1 9.8 4a8.2 8.2 0 1 0 10.2 10.2Z",
  pause: "M8.5 5.5v13m7-13v13",
  pencil:
    "M4 20l1-4.5L16.3 4.2a1.8 1.8 0 0 1 2.5 0l1 1a1.8 1.8 0 0 1 0 2.5L8.5 19Zm10-13.5 3.5 3.5",
  play: "M7.5 5.5v13l11-6.5Z",
  received: "M12 4v15m-6-6 6 6 6-6",
  reload: "M19.5 12a7.5 7.5 0 1 1-2.2-5.3L20 9.5M20 4.5v5h-5",
  saved: "M6.5 4h11A1.5 1.5 0 0 1 19 5.5V20l-7-4.5L5 20V5.5A1.5 1.5 0 0 1 6.5 4Z",
  send: "M20.5 3.5 10 14m10.5-10.5L14 20.5 10 14m10.5-10.5L3.5 10 10 14",
  sent: "M12 20V5m-6 6 6-6 6 6",
  settings: "M4 7h9m5 0h2M4 17h2m5 0h9M15.5 4.5v5M8.5 14.5v5",
  sun: "M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM12 2v2m0 16v2M2 12h2m16 0h2M4.9 4.9l1.4 1.4m11.4 11.4 1.4 1.4m0-14.2-1.4 1.4M6.3 17.7l-1.4 1.4",
  trash:
    "M5 7h14M10 7V5a1 1 0 0 1 1-1h2a1 1 0 0 1 1 1v2m3 0-.8 11.2a2 2 0 0 1-2 1.8H9.8a2 2 0 0 1-2-1.8L7 7m3.5 4v5m3-5v5",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM4.5 20a7.5 7.5 0 0 1 15 0",
  users:
    "M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM2.5 19.5a6.5 6.5 0 0 1 13 0M16 5.2a3.5 3.5 0 0 1 0 6.6m2 2.6a6.5 6.5 0 0 1 3.5 5.1",
} as const;

type OwnIcons = Register extends { icons: infer I } ? I : unknown;

/** The icons of the engine, and those that the application registers. */
export type IconName = Extract<keyof (typeof ICONS & OwnIcons), string>;
