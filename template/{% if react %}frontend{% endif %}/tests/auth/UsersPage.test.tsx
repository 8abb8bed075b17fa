import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";

import { auth, type Profile } from "../../src/api/auth";
import { users } from "../../src/api/users";
import { userList } from "../../src/auth/users";
import { ApiError, isolated, toasts } from "../../src/duplex";
import UsersPage from "../../src/pages/auth/UsersPage";
import { useAuth } from "../../src/stores/auth";
import { show } from "../setup.tsx";

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

const row = async (name: string): Promise<HTMLElement> => {
  const list = await screen.findByRole("list", { name: "Users" });
  const rows = within(list).getAllByRole("listitem");
  const found = rows.find(({ textContent }) => textContent.includes(name));
  if (found === undefined) throw new Error(`${name} is not in the list`);
  return found;
};

async function press(name: string): Promise<void> {
  fireEvent.click(await screen.findByRole("button", { name }));
}

const said = (): string[] => toasts.getSnapshot().map(({ text }) => text);

beforeEach(() => {
  userList.forget();
  useAuth.setState({ status: "signedIn", user: ada }, true);
  vi.spyOn(auth, "signUpOpen").mockResolvedValue(true);
  list = vi.spyOn(users, "list");
  change = vi.spyOn(users, "change");
  everybody(ada, grace);
});

describe("the page of all users", () => {
  it("tells users who are not admins, and requests nothing", () => {
    useAuth.setState({ status: "signedIn", user: grace }, true);
    show(<UsersPage />);
    expect(screen.getByText("Only admins see this page")).toBeTruthy();
    expect(list).not.toHaveBeenCalled();
  });

  it("shows each user's name, address, role and whether they may sign in", async () => {
    everybody(ada, grace, profile("Alan", { is_active: false }));
    show(<UsersPage />);
    expect((await row("Ada")).textContent).toMatch(/Admin.*Active.*ada@example\.org/u);
    expect((await row("Grace")).textContent).toMatch(/User.*Active.*grace@example\.org/u);
    expect((await row("Alan")).textContent).toMatch(/User.*Deactivated.*alan@example\.org/u);
  });

  it("has no actions for the user's own account, and explains why", async () => {
    show(<UsersPage />);
    const own = within(await row("Ada"));
    expect(own.queryAllByRole("button")).toEqual([]);
    expect(own.getByText("Only another admin can change your own account.")).toBeTruthy();
    expect(within(await row("Grace")).getAllByRole("button")).toHaveLength(3);
  });

  it("makes a user an admin at once and confirms it", async () => {
    const admin = { ...grace, is_admin: true };
    change.mockResolvedValue(admin);
    show(<UsersPage />);
    const button = await screen.findByRole("button", { name: "Make admin: grace@example.org" });
    everybody(ada, admin);
    fireEvent.click(button);

    expect((await screen.findByText("Remove admin")).getAttribute("aria-label")).toBe(
      "Remove admin: grace@example.org",
    );
    expect(change).toHaveBeenCalledExactlyOnceWith("grace", { is_admin: true });
    expect(said()).toContain(`${isolated("Grace")} is an admin now.`);
    // The keyboard is still where it was.
    expect(button.isConnected).toBe(true);
  });

  it("activates an account without a confirmation", async () => {
    everybody(ada, profile("Grace", { is_active: false }));
    change.mockResolvedValue(grace);
    show(<UsersPage />);
    await press("Activate: grace@example.org");
    await waitFor(() => {
      expect(said()).toContain(`${isolated("Grace")} can sign in again.`);
    });
    expect(change).toHaveBeenCalledExactlyOnceWith("grace", { is_active: true });
  });

  it.each([
    ["Deactivate", profile("Grace"), { is_active: false }],
    ["Remove admin", profile("Grace", { is_admin: true }), { is_admin: false }],
  ])("asks before it signs somebody out: %s", async (label, user, expected) => {
    everybody(ada, user);
    change.mockResolvedValue(user);
    show(<UsersPage />);
    await press(`${label}: grace@example.org`);
    expect(screen.getByRole("dialog").textContent).toContain("is signed out on every device");
    await press("Cancel");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(change).not.toHaveBeenCalled();

    await press(`${label}: grace@example.org`);
    fireEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: label }));
    await waitFor(() => {
      expect(screen.queryByRole("dialog")).toBeNull();
    });
    expect(change).toHaveBeenCalledExactlyOnceWith("grace", expected);
  });

  it("keeps the dialog open while an earlier action completes", async () => {
    let answer: (user: Profile) => void = () => undefined;
    change.mockReturnValue(new Promise((resolve) => (answer = resolve)));
    show(<UsersPage />);
    await press("Make admin: grace@example.org");
    await press("Deactivate: grace@example.org");
    const admin = { ...grace, is_admin: true };
    everybody(ada, admin);
    answer(admin);
    expect(await screen.findByText("Remove admin")).toBeTruthy();
    expect(screen.getByRole("dialog").textContent).toContain(`Deactivate ${isolated("Grace")}?`);
  });

  it("keeps the dialog open when the action fails, and shows why", async () => {
    change.mockRejectedValue(new ApiError(404, "not_found", "There is no such user."));
    show(<UsersPage />);
    await press("Deactivate: grace@example.org");
    fireEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Deactivate" }));
    await waitFor(() => {
      expect(said()).toContain("There is no such user.");
    });
    expect(screen.getByRole("dialog")).toBeTruthy();
    expect(list).toHaveBeenCalledTimes(2);
  });

  it("shows that it is loading, and that there are no other users", async () => {
    everybody(ada);
    const { container } = show(<UsersPage />);
    expect(container.querySelector("[aria-busy=true]")).not.toBeNull();
    expect(await screen.findByText(/others create one on the sign-in page\.$/u)).toBeTruthy();
  });

  it("mentions the sign-in page only where visitors can create an account", async () => {
    vi.spyOn(auth, "signUpOpen").mockResolvedValue(false);
    everybody(ada);
    show(<UsersPage />);
    expect(await screen.findByText(/Add a user here\.$/u)).toBeTruthy();
  });

  it("can be loaded again after a failure", async () => {
    list.mockRejectedValue(new ApiError(403, "forbidden", "Only an admin may do this."));
    show(<UsersPage />);
    expect(await screen.findByText("Only an admin may do this.")).toBeTruthy();
    everybody(ada, grace);
    await press("Try again");
    expect(await row("Grace")).toBeTruthy();
  });

  it("has pages", async () => {
    list.mockResolvedValue({ items: [grace], total: 101 });
    show(<UsersPage />, "/users?page=2", "/users");
    expect(await screen.findByText("51–51 of 101")).toBeTruthy();
    fireEvent.click(screen.getByRole("link", { name: "Next" }));
    await waitFor(() => {
      expect(list).toHaveBeenLastCalledWith({ limit: 50, offset: 100 }, "");
    });
  });
});
