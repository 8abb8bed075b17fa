import { mount } from "@vue/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { nextTick } from "vue";

import ToastStack from "../../src/components/ToastStack.vue";
import { TOAST_TIME, toasts } from "../../src/ui/toasts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.runAllTimers();
  vi.useRealTimers();
});

test("an error is announced, can be read for a while and goes by itself", async () => {
  const wrapper = mount(ToastStack);
  toasts.show("error", "The server said no.");
  await nextTick();
  expect(wrapper.get("[role=alert]").text()).toBe("The server said no.");
  vi.advanceTimersByTime(TOAST_TIME.error);
  await nextTick();
  expect(wrapper.find("[role=alert]").exists()).toBe(false);
});

test("the same sentence is never there twice, and can be dismissed", async () => {
  const wrapper = mount(ToastStack);
  toasts.show("error", "Once is enough.");
  toasts.show("error", "Once is enough.");
  await nextTick();
  expect(wrapper.findAll("[role=alert]")).toHaveLength(1);
  await wrapper.get("button").trigger("click");
  expect(wrapper.find("[role=alert]").exists()).toBe(false);
});
