import vue from "@vitejs/plugin-vue";

/** The Vite plugins for Vue; the rest is in vite.config.ts. */
export const framework = vue();

/** How `vite-plugin-checker` finds type errors. */
export const typeChecker = { vueTsc: { tsconfigPath: "tsconfig.app.json" } };
