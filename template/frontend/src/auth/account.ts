import { auth } from "../api/auth";
import { createList } from "../duplex";

/** The devices on which the user is signed in. */
export const deviceList = createList(() => auth.devices());
