/** All accounts, for admins: `/api/v1/users`. The user's own account is in `auth.ts`. */
import { type Part, type Slice, sliceQuery } from "../duplex";
import type { Profile } from "./auth";
import { apiCore, post } from "./core";
import type { components } from "./generated/rest";

type Schemas = components["schemas"];
export type AccountChange = Schemas["AccountChange"];
export type NewUser = Schemas["NewUser"];
export type AuditEntry = Schemas["AuditEntry"];

const route = (id: string): string => `/users/${encodeURIComponent(id)}`;

export const users = {
  /** In the order of their e-mail addresses. */
  async list(slice: Slice, search: string): Promise<Part<Profile>> {
    const wanted = `${sliceQuery(slice)}&search=${encodeURIComponent(search)}`;
    const answer = await apiCore.request<Schemas["UserPage"]>(`/users${wanted}`);
    return { items: answer.users, total: answer.total };
  },

  create: (user: NewUser): Promise<Profile> => post("/users", user),

  /** Mails another invitation. */
  invite: (id: string): Promise<void> => post(`${route(id)}/invite`),

  /** Signs the user out on every device. */
  signOut: (id: string): Promise<void> => post(`${route(id)}/sign-out`),

  /** Users who are deactivated, or lose their admin rights, are signed out everywhere. */
  change: (id: string, change: AccountChange): Promise<Profile> =>
    apiCore.request(route(id), { method: "PATCH", body: change }),

  /** The actions of admins, the newest first. */
  async audit(slice: Slice): Promise<Part<AuditEntry>> {
    const answer = await apiCore.request<Schemas["AuditLog"]>(`/audit${sliceQuery(slice)}`);
    return { items: answer.entries, total: answer.total };
  },
};
