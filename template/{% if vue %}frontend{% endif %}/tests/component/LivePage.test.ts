import { flushPromises, mount, type VueWrapper } from "@vue/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createMemoryHistory, createRouter, type Router } from "vue-router";

import LivePage from "../../src/pages/LivePage.vue";
import { liveSession } from "../../src/ui/liveSession";
import { displayName } from "../../src/ui/profile";
import { FakeSocket, installFakeSocket, nextSocket, welcome } from "../unit/support/fakeSocket";

let router: Router;
let page: VueWrapper;

beforeEach(async () => {
  vi.useFakeTimers();
  installFakeSocket();
  displayName.set("Ada");
  const component = { template: "<p />" };
  router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: "/session/:id", component },
      { path: "/:elsewhere(.*)*", component },
    ],
  });
  await router.push("/session/notes");
});

afterEach(() => {
  page.unmount();
  liveSession.closeSocket();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  sessionStorage.clear();
});

async function arrive(): Promise<FakeSocket> {
  page = mount(LivePage, { props: { id: "notes" }, global: { plugins: [router] } });
  return nextSocket();
}

async function open(): Promise<FakeSocket> {
  const socket = await arrive();
  welcome(socket);
  await flushPromises();
  return socket;
}

async function comeBack(overrides: Parameters<typeof welcome>[1] = {}): Promise<FakeSocket> {
  const socket = await nextSocket();
  welcome(socket, overrides);
  await flushPromises();
  return socket;
}

async function press(label: string): Promise<void> {
  const button = page.findAll("button").find((one) => one.text() === label);
  if (button === undefined) throw new Error(`there is no button ${label}`);
  await button.trigger("click");
  await flushPromises();
}

describe("the live page", () => {
  it("says in words why the session ended, and takes no more requests", async () => {
    (await open()).breaks(1000, "ended");
    await flushPromises();
    expect(page.get("[role=alert]").text()).toBe(liveSession.getSnapshot().reason);
    expect(page.find("form").exists()).toBe(false);
    await press("Start a new session");
    expect(router.currentRoute.value.fullPath).toBe("/session");
  });

  it("does not ask for a first note when the session is over", async () => {
    const socket = await open();
    expect(page.text()).toContain("Nothing here yet");
    socket.breaks(1000, "ended");
    await flushPromises();
    expect(page.text()).not.toContain("Nothing here yet");
  });

  it.each([
    ["an idle time", 4408],
    ["a reason that the page does not know", 4477],
  ])("joins the same session again after %s ended it", async (_, code) => {
    (await open()).breaks(code);
    await flushPromises();
    await press("Join again");
    const socket = await comeBack();
    expect(socket.sent[0]).toMatchObject({ session: "notes", name: "Ada" });
    expect(page.find("form").exists()).toBe(true);
  });

  it("leads home from a session that may not be joined", async () => {
    const socket = await arrive();
    socket.accept();
    socket.receive({ state: "error", error: "You may not join this session.", code: "forbidden" });
    socket.breaks(4403);
    await flushPromises();
    expect(page.text()).toContain("You may not join this session.");
    await press("Go to the home page");
    expect(router.currentRoute.value.fullPath).toBe("/");
  });

  it("says that messages were missed until it is dismissed", async () => {
    (await open()).breaks();
    await comeBack({ seq: 9 });
    expect(page.text()).toContain("Some messages were missed");
    await press("Dismiss");
    expect(page.text()).not.toContain("Some messages were missed");
  });

  it("says that the server is being updated, before and while it is away", async () => {
    const socket = await open();
    socket.receive({ state: "draining", data: { within: 20 } });
    await flushPromises();
    expect(page.text()).toContain("being updated. The page reconnects");
    socket.breaks(4503);
    await flushPromises();
    expect(page.text()).toContain("being updated; reconnecting…");
    await comeBack({ recovered: true });
    expect(page.text()).not.toContain("being updated");
  });

  it("offers to reload a page that is older than the server, and stays in the session", async () => {
    const reload = vi.spyOn(location, "reload").mockReturnValue();
    (await open()).breaks();
    (await comeBack({ recovered: true, contract_changed: true })).breaks();
    await flushPromises();
    await press("Reload");
    expect(reload).toHaveBeenCalledOnce();
    expect(FakeSocket.all.flatMap((one) => one.of("leave"))).toEqual([]);
  });

  it("offers to reload when the server does not take this page any more", async () => {
    const reload = vi.spyOn(location, "reload").mockReturnValue();
    (await open()).breaks(4409);
    await flushPromises();
    expect(page.get("[role=alert]").text()).toContain("was updated");
    await press("Reload");
    expect(reload).toHaveBeenCalledOnce();
  });
});
