import { mount } from "@vue/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nextTick } from "vue";

import TextField from "../src/components/TextField.vue";
import ToastStack from "../src/components/ToastStack.vue";
import { TOAST_TIME, toasts } from "../src/duplex";

describe("toasts", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.runAllTimers();
    vi.useRealTimers();
  });

  it("announce an error and remove it after a while", async () => {
    const wrapper = mount(ToastStack);
    toasts.show("error", "The request failed.");
    await nextTick();
    expect(wrapper.get("[role=alert]").text()).toBe("The request failed.");
    vi.advanceTimersByTime(TOAST_TIME.error);
    await nextTick();
    expect(wrapper.find("[role=alert]").exists()).toBe(false);
  });

  it("show the same sentence once, and can be dismissed", async () => {
    const wrapper = mount(ToastStack);
    toasts.show("error", "Once is enough.");
    toasts.show("error", "Once is enough.");
    await nextTick();
    expect(wrapper.findAll("[role=alert]")).toHaveLength(1);
    await wrapper.get("button").trigger("click");
    expect(wrapper.find("[role=alert]").exists()).toBe(false);
  });
});

describe("a text field", () => {
  const attrs = { label: "Name", modelValue: "", maxlength: 5 };

  it("has a label, and passes attributes on to its input", () => {
    const wrapper = mount(TextField, { props: attrs });
    const input = wrapper.get("input");
    expect(wrapper.get("label").attributes("for")).toBe(input.attributes("id"));
    expect(input.attributes("maxlength")).toBe("5");
  });

  it("announces a problem in place of its hint", () => {
    const wrapper = mount(TextField, { props: { ...attrs, hint: "Any.", problem: "Too short." } });
    const alert = wrapper.get("[role=alert]");
    expect(alert.text()).toBe("Too short.");
    expect(wrapper.get("input").attributes("aria-describedby")).toBe(alert.attributes("id"));
    expect(wrapper.text()).not.toContain("Any.");
  });
});
