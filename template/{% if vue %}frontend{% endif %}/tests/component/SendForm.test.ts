import { flushPromises, mount } from "@vue/test-utils";
import { expect, test, vi } from "vitest";

import { STATES } from "../../src/api/contract";
import SendForm from "../../src/components/live/SendForm.vue";
import { STATE_NAMES, stateLabel } from "../../src/ui/labels";

function mountForm(pending = 0, worked = true) {
  const send = vi.fn(() => Promise.resolve(worked));
  return { send, wrapper: mount(SendForm, { props: { pending, send } }) };
}

test("the form offers every state under its label", () => {
  const { wrapper } = mountForm();
  expect(wrapper.findAll("option").map((option) => option.text())).toEqual(
    STATE_NAMES.map(stateLabel),
  );
});

test("sending hands over the state and the text, and empties the field", async () => {
  const { wrapper, send } = mountForm();
  const chosen = STATE_NAMES.at(-1);
  await wrapper.get("select").setValue(chosen);
  await wrapper.get("input").setValue("Hello");
  await wrapper.get("form").trigger("submit");
  await flushPromises();
  expect(send).toHaveBeenCalledExactlyOnceWith(chosen, { text: "Hello" });
  expect(wrapper.get("input").element.value).toBe("");
});

test("what was refused comes back to be mended", async () => {
  const { wrapper } = mountForm(0, false);
  await wrapper.get("input").setValue("Too long");
  await wrapper.get("form").trigger("submit");
  await flushPromises();
  expect(wrapper.get("input").element.value).toBe("Too long");
});

test("the form says what a state does before it is sent", async () => {
  const { wrapper } = mountForm();
  for (const state of STATE_NAMES) {
    await wrapper.get("select").setValue(state);
    expect(wrapper.text().includes("ends it for everybody")).toBe(STATES[state].closes);
  }
});

test("requests without an answer are counted", () => {
  expect(mountForm(3).wrapper.text()).toContain("Waiting for an answer to 3.");
});
