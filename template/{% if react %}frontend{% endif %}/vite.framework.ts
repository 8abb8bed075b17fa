import react from "@vitejs/plugin-react";

/** What React needs of Vite; the rest is in vite.config.ts. */
export const framework = react();

/** How `vite-plugin-checker` finds type errors. */
export const typeChecker = { typescript: { tsconfigPath: "tsconfig.app.json" } };
