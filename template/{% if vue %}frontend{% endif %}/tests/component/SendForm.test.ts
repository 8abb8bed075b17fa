import { mount } from "@vue/test-utils";
import { expect, test } from "vitest";

import { STATES } from "../../src/api/contract";
import SendForm from "../../src/components/live/SendForm.vue";
import { STATE_NAMES, stateLabel } from "../../src/ui/labels";

test("the form offers every state under its label", () => {
  const wrapper = mount(SendForm, { props: { pending: 0 } });
  expect(wrapper.findAll("option").map((option) => option.text())).toEqual(
    STATE_NAMES.map(stateLabel),
  );
});

test("sending hands over the state and the text, and empties the field", async () => {
  const wrapper = mount(SendForm, { props: { pending: 0 } });
  const chosen = STATE_NAMES.at(-1);
  await wrapper.get("select").setValue(chosen);
  await wrapper.get("input").setValue("Hello");
  await wrapper.get("form").trigger("submit");
  expect(wrapper.emitted("send")).toEqual([[chosen, { text: "Hello" }]]);
  expect(wrapper.get("input").element.value).toBe("");
});

test("the form says what a state does before it is sent", async () => {
  const wrapper = mount(SendForm, { props: { pending: 0 } });
  for (const state of STATE_NAMES) {
    await wrapper.get("select").setValue(state);
    expect(wrapper.text().includes("ends it for everybody")).toBe(STATES[state].closes);
  }
});

test("requests without an answer are counted", () => {
  const wrapper = mount(SendForm, { props: { pending: 3 } });
  expect(wrapper.text()).toContain("Waiting for an answer to 3.");
});
