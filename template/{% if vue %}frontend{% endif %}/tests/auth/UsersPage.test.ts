import { flushPromises, type VueWrapper } from "@vue/test-utils";
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";

import { auth, type Profile } from "../../src/api/auth";
import { apiCore } from "../../src/api/core";
import { users } from "../../src/api/users";
import { ApiError, isolated, toasts } from "../../src/duplex";
import UsersPage from "../../src/pages/auth/UsersPage.vue";
import { useUsers } from "../../src/stores/users";
import { control, pinia, show } from "../setup";

const profile = (name: string, more: Partial<Profile> = {}): Profile => ({
  id: name.toLowerCase(),
  email: `${name.toLowerCase()}@example.org`,
  email_verified: true,
  name,
  is_admin: false,
  is_active: true,
  created_at: "2026-01-05T09:00:00Z",
  ...more,
});
const ada = profile("Ada", { is_admin: true });
const grace = profile("Grace");

let list: MockInstance<typeof users.list>;
let change: MockInstance<typeof users.change>;

function everybody(...items: Profile[]): void {
  list.mockResolvedValue({ items, total: items.length });
}

async function signIn(user: Profile): Promise<void> {
  const answer = { status: "signed_in", access_token: "token", expires_in: 900, user };
  vi.spyOn(apiCore, "request").mockResolvedValueOnce(answer);
  await auth.enter("/auth/invitation/accept", { token: "of a mail" });
}

async function open(path = "/users"): Promise<VueWrapper> {
  const page = await show(UsersPage, path);
  await flushPromises();
  return page;
}

function row(page: VueWrapper, name: string) {
  const found = page
    .get("ul[aria-label=Users]")
    .findAll("li")
    .find((one) => one.text().includes(name));
  if (found === undefined) throw new Error(`${name} is not in the list`);
  return found;
}

async function press(page: VueWrapper, name: string): Promise<void> {
  await control(page, "button", name).trigger("click");
  await flushPromises();
}

const said = (): string[] => toasts.getSnapshot().map(({ text }) => text);

beforeEach(async () => {
  useUsers(pinia).forget();
  await signIn(ada);
  vi.spyOn(auth, "signUpOpen").mockResolvedValue(true);
  list = vi.spyOn(users, "list");
  change = vi.spyOn(users, "change");
  everybody(ada, grace);
});

afterEach(() => {
  localStorage.clear();
});

describe("the page of all users", () => {
  it("tells users who are not admins, and requests nothing", async () => {
    await signIn(grace);
    const page = await open();
    expect(page.text()).toContain("Only admins see this page");
    expect(list).not.toHaveBeenCalled();
  });

  it("shows each user's name, address, role and whether they may sign in", async () => {
    everybody(ada, grace, profile("Alan", { is_active: false }));
    const page = await open();
    expect(row(page, "Ada").text()).toMatch(/Admin.*Active.*ada@example\.org/u);
    expect(row(page, "Grace").text()).toMatch(/User.*Active.*grace@example\.org/u);
    expect(row(page, "Alan").text()).toMatch(/User.*Deactivated.*alan@example\.org/u);
  });

  it("has no actions for the user's own account, and explains why", async () => {
    const page = await open();
    expect(row(page, "Ada").findAll("button")).toHaveLength(0);
    expect(row(page, "Ada").text()).toContain("Only another admin can change your own account.");
    expect(row(page, "Grace").findAll("button")).toHaveLength(3);
  });

  it("makes a user an admin at once and confirms it", async () => {
    const admin = { ...grace, is_admin: true };
    change.mockResolvedValue(admin);
    const page = await open();
    const button = control(page, "button", "Make admin: grace@example.org");
    everybody(ada, admin);
    await press(page, "Make admin: grace@example.org");

    expect(button.attributes("aria-label")).toBe("Remove admin: grace@example.org");
    expect(change).toHaveBeenCalledExactlyOnceWith("grace", { is_admin: true });
    expect(said()).toContain(`${isolated("Grace")} is an admin now.`);
    // The keyboard is still where it was.
    expect(button.element.isConnected).toBe(true);
  });

  it("activates an account without a confirmation", async () => {
    everybody(ada, profile("Grace", { is_active: false }));
    change.mockResolvedValue(grace);
    const page = await open();
    await press(page, "Activate: grace@example.org");
    expect(said()).toContain(`${isolated("Grace")} can sign in again.`);
    expect(change).toHaveBeenCalledExactlyOnceWith("grace", { is_active: true });
  });

  it.each([
    ["Deactivate", profile("Grace"), { is_active: false }],
    ["Remove admin", profile("Grace", { is_admin: true }), { is_admin: false }],
  ])("asks before it signs somebody out: %s", async (label, user, expected) => {
    everybody(ada, user);
    change.mockResolvedValue(user);
    const page = await open();
    await press(page, `${label}: grace@example.org`);
    expect(page.get("dialog").text()).toContain("is signed out on every device");
    await press(page, "Cancel");
    expect(page.find("dialog").exists()).toBe(false);
    expect(change).not.toHaveBeenCalled();

    await press(page, `${label}: grace@example.org`);
    await page.get("dialog .btn-error").trigger("click");
    await flushPromises();
    expect(page.find("dialog").exists()).toBe(false);
    expect(change).toHaveBeenCalledExactlyOnceWith("grace", expected);
  });

  it("keeps the dialog open while an earlier action completes", async () => {
    let answer: (user: Profile) => void = () => undefined;
    change.mockReturnValue(new Promise((resolve) => (answer = resolve)));
    const page = await open();
    await press(page, "Make admin: grace@example.org");
    await press(page, "Deactivate: grace@example.org");
    answer({ ...grace, is_admin: true });
    await flushPromises();
    expect(said()).toContain(`${isolated("Grace")} is an admin now.`);
    expect(page.get("dialog").text()).toContain(`Deactivate ${isolated("Grace")}?`);
  });

  it("keeps the dialog open when the action fails, and shows why", async () => {
    change.mockRejectedValue(new ApiError(404, "not_found", "There is no such user."));
    const page = await open();
    await press(page, "Deactivate: grace@example.org");
    await page.get("dialog .btn-error").trigger("click");
    await flushPromises();
    expect(said()).toContain("There is no such user.");
    expect(page.find("dialog").exists()).toBe(true);
    expect(list).toHaveBeenCalledTimes(1);
  });

  it("shows that it is loading, and that there are no other users", async () => {
    list.mockReturnValue(new Promise(() => undefined));
    const page = await open();
    expect(page.find("[aria-busy=true]").exists()).toBe(true);
    everybody(ada);
    await useUsers(pinia).load();
    await flushPromises();
    expect(page.text()).toContain("others create one on the sign-in page.");
  });

  it("mentions the sign-in page only where visitors can create an account", async () => {
    vi.spyOn(auth, "signUpOpen").mockResolvedValue(false);
    everybody(ada);
    const page = await open();
    expect(page.text()).toMatch(/Add a user here\.$/mu);
    expect(page.text()).not.toContain("sign-in page");
  });

  it("can be loaded again after a failure", async () => {
    list.mockRejectedValue(new ApiError(403, "forbidden", "Only an admin may do this."));
    const page = await open();
    expect(page.text()).toContain("Only an admin may do this.");
    everybody(ada, grace);
    await press(page, "Try again");
    expect(row(page, "Grace").exists()).toBe(true);
  });

  it("has pages", async () => {
    list.mockResolvedValue({ items: [grace], total: 101 });
    const page = await open("/users?page=2");
    expect(page.text()).toContain("51–51 of 101");
    await control(page, "a", "Next").trigger("click");
    await flushPromises();
    expect(list).toHaveBeenLastCalledWith({ limit: 50, offset: 100 }, "");
  });

  it("requests nothing more when the user leaves a search", async () => {
    const page = await open("/users?search=grace");
    expect(list).toHaveBeenCalledExactlyOnceWith({ limit: 50, offset: 0 }, "grace");
    await page.vm.$router.push("/settings");
    await flushPromises();
    expect(list).toHaveBeenCalledTimes(1);
  });
});
