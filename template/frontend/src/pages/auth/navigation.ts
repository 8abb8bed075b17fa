import { auth } from "../../api/auth";
import { links, type Navigation } from "../../ui/navigation";

const FOR_EVERYBODY = links();
const FOR_ADMINS = links({ to: "/users", label: "Users", icon: "users" });

/** The links for whoever is signed in: an admin finds the accounts too. */
export const accountNavigation: Navigation = {
  subscribe: auth.subscribe,
  getSnapshot: () => (auth.getSnapshot().user?.is_admin === true ? FOR_ADMINS : FOR_EVERYBODY),
};
