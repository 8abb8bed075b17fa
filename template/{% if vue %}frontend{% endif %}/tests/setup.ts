/** Runs before each file of tests; the tests import its helpers. */
import { mount, type VueWrapper } from "@vue/test-utils";
import { createPinia } from "pinia";
import { afterEach } from "vitest";
import type { Component } from "vue";
import { createMemoryHistory, createRouter } from "vue-router";

import { app } from "../src/app";
import { configureApp, liveSession } from "../src/duplex";

// As the application's first script does.
configureApp(app);
// Before a test stops the clock.
await liveSession.loadClient();

/** The stores of all tests in a file. */
export const pinia = createPinia();

let page: VueWrapper | null = null;

afterEach(() => {
  page?.unmount();
  page = null;
});

/** Shows `component` at `path` as the application would, with a router of its own. */
export async function show(component: Component, path: string): Promise<VueWrapper> {
  const elsewhere = { template: "<p />" };
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: "/:elsewhere(.*)*", component: elsewhere }],
  });
  await router.push(path);
  page = mount(component, {
    attachTo: document.body,
    global: { plugins: [router, pinia] },
  });
  return page;
}

/** The button or link with this text or label. */
export function control(wrapper: VueWrapper, tag: "button" | "a", name: string) {
  const found = wrapper
    .findAll(tag)
    .find((one) => (one.attributes("aria-label") ?? one.text().trim()) === name);
  if (found === undefined) throw new Error(`there is no ${tag} ${name}`);
  return found;
}
