/** Actions of a user with the example's notes. The states are read from the project's contract. */
import type { Locator } from "@playwright/test";

import { STATES } from "../../src/api/generated/contract";
import type { Person } from "./person";

type StateName = keyof typeof STATES;

const names = Object.keys(STATES) as StateName[];
const closes = (name: StateName): boolean => STATES[name].closes;

/** The states that leave the session open. Those of the example add a note. */
export const openStates: readonly StateName[] = names.filter((name) => !closes(name));
/** One of them, if the project has one. */
export const openState = openStates[0];
/** A state that ends the session, if the project has one. That of the example saves it first. */
export const closingState = names.find(closes);
/** Any state. */
export const anyState = openState ?? closingState;

/** The notes that a user sees. */
export const notes = ({ page }: Person): Locator =>
  page.getByRole("list", { name: "Shared notes" }).getByRole("listitem");

/** Fills in the form and sends it with the Enter key. */
export async function send({ page }: Person, state: StateName, text: string): Promise<void> {
  await page.getByRole("combobox", { name: "State", exact: true }).selectOption(state);
  const field = page.getByRole("textbox", { name: "Text", exact: true });
  await field.fill(text);
  await field.press("Enter");
}
