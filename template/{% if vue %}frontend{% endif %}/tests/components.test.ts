import { mount } from "@vue/test-utils";
import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import { defineComponent, h, nextTick } from "vue";

import TextField from "../src/components/TextField.vue";
import ToastStack from "../src/components/ToastStack.vue";
import {
  createStore,
  liveSession,
  TOAST_TIME,
  toasts,
  useReadable,
  useSession,
} from "../src/duplex";

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

const Count = defineComponent({
  props: {
    source: { type: Object as () => ReturnType<typeof createStore<number>>, required: true },
  },
  setup(props) {
    const count = useReadable(props.source);
    return () => h("p", count.value);
  },
});

test("a component shows each change of a store", async () => {
  const source = createStore(1);
  const wrapper = mount(Count, { props: { source } });
  expect(wrapper.text()).toBe("1");
  source.set(2);
  await nextTick();
  expect(wrapper.text()).toBe("2");
});

test("the listener is removed with its component", () => {
  const stop = vi.fn();
  const source = { ...createStore(1), subscribe: () => stop };
  const wrapper = mount(Count, { props: { source } });
  expect(stop).not.toHaveBeenCalled();
  wrapper.unmount();
  expect(stop).toHaveBeenCalledOnce();
});

test("the session outlives the components that show it", () => {
  const close = vi.spyOn(liveSession, "closeSocket");
  const Status = defineComponent(() => {
    const { state } = useSession();
    return () => h("p", state.value.status);
  });
  const wrapper = mount(Status);
  expect(wrapper.text()).toBe("idle");
  wrapper.unmount();
  expect(close).not.toHaveBeenCalled();
});
