import { defineConfig } from "@playwright/test";

const baseURL = process.env["BASE_URL"];
if (baseURL === undefined) {
  throw new Error("BASE_URL is not set. Run `uv run poe e2e`, which starts a server and sets it.");
}
const executablePath = process.env["CHROMIUM_PATH"];

export default defineConfig({
  testDir: "e2e",
  // `poe e2e` runs the application's tests; `poe promises` runs the engine's, which take minutes.
  projects: [
    { name: "application", testIgnore: "promises/**" },
    { name: "promises", testDir: "e2e/promises" },
  ],
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
  forbidOnly: process.env["CI"] !== undefined,
  reporter: [["list"]],
  // Room for a busy machine: nothing here sleeps, so a good run takes seconds.
  timeout: 120_000,
  expect: { timeout: 15_000 },
  use: {
    baseURL,
    locale: "en-GB",
    screenshot: "only-on-failure",
    // Without motion nothing is clicked or looked at in the middle of a transition.
    reducedMotion: "reduce",
    launchOptions: executablePath === undefined ? {} : { executablePath },
  },
});
