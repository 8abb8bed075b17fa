/** Everybody's account, for admins: `/api/v1/users`. One's own is in `auth.ts`. */
import type { Profile } from "./auth";
import { apiCore } from "./core";
import type { components } from "./rest";
import { type Part, type Slice, sliceQuery } from "./slices";

type Schemas = components["schemas"];
export type AccountChange = Schemas["AccountChange"];

export const users = {
  /** By e-mail address. */
  async list(slice: Slice): Promise<Part<Profile>> {
    const answer = await apiCore.request<Schemas["UserPage"]>(`/users${sliceQuery(slice)}`);
    return { items: answer.users, total: answer.total };
  },

  /** Whoever is deactivated, or is an admin no longer, is signed out everywhere. */
  change: (id: string, change: AccountChange): Promise<Profile> =>
    apiCore.request(`/users/${encodeURIComponent(id)}`, { method: "PATCH", body: change }),
};
