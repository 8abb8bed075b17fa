import { mount } from "@vue/test-utils";
import { expect, test, vi } from "vitest";
import { defineComponent, h, nextTick } from "vue";

import { createStore, liveSession, useReadable, useSession } from "../src/duplex";

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
