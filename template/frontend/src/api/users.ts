/** All accounts, for admins: `/api/v1/users`. The user's own account is in `auth.ts`. */
import { type Part, type Slice, sliceQuery } from "../duplex";
import type { Profile } from "./auth";
import { apiCore } from "./core";
import type { components } from "./generated/rest";

type Schemas = components["schemas"];
export type AccountChange = Schemas["AccountChange"];

export const users = {
  /** In the order of their e-mail addresses. */
  async list(slice: Slice): Promise<Part<Profile>> {
    const answer = await apiCore.request<Schemas["UserPage"]>(`/users${sliceQuery(slice)}`);
    return { items: answer.users, total: answer.total };
  },

  /** Users who are deactivated, or lose their admin rights, are signed out everywhere. */
  change: (id: string, change: AccountChange): Promise<Profile> =>
    apiCore.request(`/users/${encodeURIComponent(id)}`, { method: "PATCH", body: change }),
};
