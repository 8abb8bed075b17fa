import { fileURLToPath, URL } from "node:url";

import tailwindcss from "@tailwindcss/vite";
import { checker } from "vite-plugin-checker";
import { defineConfig } from "vitest/config";

import { framework, typeChecker } from "./vite.framework.ts";

// `uv run poe dev` starts the API on a free port and passes its address; the page, the API and the
// socket share the URL of this dev server, as in production.
const api = process.env["API_URL"] ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [
    framework,
    tailwindcss(),
    // Type errors in `poe dev`: on the page and in the terminal. `poe lint` finds them otherwise.
    ...(process.env["VITEST"] === undefined
      ? [checker({ ...typeChecker, enableBuild: false })]
      : []),
  ],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: {
    host: process.env["HOST"] ?? "127.0.0.1",
    port: Number(process.env["PORT"] ?? 8000),
    strictPort: true,
    // ALLOWED_HOSTS of the settings: other names under which this machine is reached.
    allowedHosts: JSON.parse(process.env["DEV_ALLOWED_HOSTS"] ?? "[]") as string[] | true,
    proxy: {
      "/api": { target: api, ws: true },
      "/asyncapi": { target: api },
      "/dev": { target: api },
    },
  },
  // Inlined assets would be `data:` URLs, which the content security policy refuses.
  build: {
    assetsInlineLimit: 0,
    // The first page's packages are one file: smaller, and one round trip.
    rolldownOptions: {
      checks: { bundlerTimings: false },
      // Importing one name through an index does not load the rest of it.
      treeshake: {
        moduleSideEffects: (id: string) => !/\/src\/duplex\/(?:.*\/)?index\.ts$/u.test(id),
      },
      output: { codeSplitting: { groups: [{ name: "app", tags: ["$initial"] }] } },
    },
  },
  test: {
    environment: "happy-dom",
    setupFiles: "tests/setup.ts",
    include: ["tests/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
});
