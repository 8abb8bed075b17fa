import { type StateName, STATES } from "../../src/api/contract";
import { watchers } from "../../src/states";

// The specs hold for any list of states: what there is to try is read from the contract.
const names = Object.keys(STATES) as StateName[];

/** A state whose note everybody sees, if the project has one. */
export const openState = names.find((name) => !STATES[name].closes);
/** A state that saves the session and ends it, if the project has one. */
export const closingState = names.find((name) => STATES[name].closes);
/** Any state. */
export const anyState = openState ?? closingState;

export const labelOf = (state: StateName): string => watchers[state].label;
