import vue from "@vitejs/plugin-vue";

/** What Vue needs of Vite; the rest is in vite.config.ts. */
export const framework = vue();

/** How `vite-plugin-checker` finds type errors. */
export const typeChecker = { vueTsc: { tsconfigPath: "tsconfig.app.json" } };
