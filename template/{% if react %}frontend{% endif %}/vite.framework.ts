import react from "@vitejs/plugin-react";

/** The Vite plugins for React; the rest is in vite.config.ts. */
export const framework = react();

/** How `vite-plugin-checker` finds type errors. */
export const typeChecker = { typescript: { tsconfigPath: "tsconfig.app.json" } };
