import { fileURLToPath, URL } from "node:url";

import { defineConfig } from "vitest/config";

const engine = fileURLToPath(new URL("../../template/frontend/src/duplex", import.meta.url));

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  resolve: { alias: { "@duplex": engine } },
  test: {
    environment: "happy-dom",
    // A context for each file, in threads: starting processes takes most of the time otherwise.
    pool: "vmThreads",
    include: ["**/*.test.ts"],
    restoreMocks: true,
  },
});
