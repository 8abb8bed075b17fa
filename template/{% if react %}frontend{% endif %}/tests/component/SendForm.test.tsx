import { act, fireEvent, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import SendForm from "../../src/components/live/SendForm";
import { closesSession, STATE_NAMES, stateLabel } from "../../src/ui/labels";
import { show } from "./render";

function showForm(worked = true) {
  const send = vi.fn(() => Promise.resolve(worked));
  show(<SendForm onSend={send} />);
  return send;
}

const choice = () => screen.getByRole<HTMLSelectElement>("combobox", { name: "State" });
const text = () => screen.getByRole<HTMLInputElement>("textbox", { name: "Text" });

async function submit(typed: string): Promise<void> {
  fireEvent.change(text(), { target: { value: typed } });
  await act(async () => {
    fireEvent.click(screen.getByRole("button", { name: "Send" }));
    await Promise.resolve();
  });
}

test("the form offers every state under its label", () => {
  showForm();
  expect(Array.from(choice().options, (option) => option.text)).toEqual(
    STATE_NAMES.map(stateLabel),
  );
});

test("sending hands over the state and the text, and empties the field", async () => {
  const send = showForm();
  const chosen = STATE_NAMES.at(-1);
  fireEvent.change(choice(), { target: { value: chosen } });
  await submit("Hello");
  expect(send).toHaveBeenCalledExactlyOnceWith(chosen, { text: "Hello" });
  expect(text().value).toBe("");
});

test("what was refused comes back to be mended", async () => {
  showForm(false);
  await submit("Too long");
  expect(text().value).toBe("Too long");
});

test("the form says what a state does before it is sent", () => {
  showForm();
  for (const state of STATE_NAMES) {
    fireEvent.change(choice(), { target: { value: state } });
    expect(screen.queryByText("Saves the session and ends it for everybody.") !== null).toBe(
      closesSession(state),
    );
  }
});
