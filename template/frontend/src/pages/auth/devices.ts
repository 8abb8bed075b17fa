import { auth } from "../../api/auth";
import { createPagedList } from "../../duplex";

/** The devices on which the user is signed in. */
export const deviceList = createPagedList(async () => {
  const items = await auth.devices();
  return { items, total: items.length };
});
