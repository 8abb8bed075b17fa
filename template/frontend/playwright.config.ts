import { defineConfig } from "@playwright/test";

const baseURL = process.env["BASE_URL"];
if (baseURL === undefined) {
  throw new Error("BASE_URL is not set. Run `uv run poe e2e`, which starts a server and sets it.");
}
const executablePath = process.env["CHROMIUM_PATH"];

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
  forbidOnly: process.env["CI"] !== undefined,
  reporter: [["list"]],
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: {
    baseURL,
    locale: "en-GB",
    trace: "retain-on-failure",
    launchOptions: executablePath === undefined ? {} : { executablePath },
  },
});
