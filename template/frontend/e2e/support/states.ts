import type { StateName } from "../../src/api/contract";
import { closesSession, STATE_NAMES, stateLabel } from "../../src/ui/labels";

// The specs hold for any list of states: what there is to try is read from the project's own.
/** The states whose note everybody sees. */
export const openStates: readonly StateName[] = STATE_NAMES.filter((name) => !closesSession(name));
/** One of them, if the project has one. */
export const openState = openStates[0];
/** A state that saves the session and ends it, if the project has one. */
export const closingState = STATE_NAMES.find(closesSession);
/** Any state. */
export const anyState = openState ?? closingState;

export const labelOf = (state: StateName): string => stateLabel(state);
