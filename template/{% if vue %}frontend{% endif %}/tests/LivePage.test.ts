import { flushPromises, mount, type VueWrapper } from "@vue/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createMemoryHistory, createRouter, type Router } from "vue-router";

import { CLOSE, displayName, liveSession } from "../src/duplex";
import { FakeSocket, installFakeSocket, nextSocket, welcome } from "../src/duplex/testing";
import LivePage from "../src/pages/LivePage.vue";

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

function show(id = "notes"): void {
  page = mount(LivePage, { props: { id }, global: { plugins: [router] } });
}

async function open(): Promise<FakeSocket> {
  show();
  const socket = await nextSocket();
  welcome(socket);
  await flushPromises();
  return socket;
}

async function press(label: string): Promise<void> {
  const button = page.findAll("button").find((one) => one.text() === label);
  if (button === undefined) throw new Error(`there is no button ${label}`);
  await button.trigger("click");
  await flushPromises();
}

describe("the page of a session", () => {
  it("joins the session of its address", async () => {
    const socket = await open();
    expect(socket.sent[0]).toMatchObject({ session: "notes", name: "Ada" });
    expect(page.text()).toContain("1 person here");
  });

  it("asks for a name first when there is none yet", async () => {
    displayName.set("");
    show("other");
    expect(FakeSocket.all).toHaveLength(0);
    await page.get("input").setValue(" Ben ");
    await page.get("form").trigger("submit");
    await flushPromises();
    FakeSocket.all[0]?.accept();
    expect(FakeSocket.all[0]?.sent[0]).toMatchObject({ session: "other", name: "Ben" });
  });

  it("does not exist for an id that no session can have", () => {
    show("no id");
    expect(page.text()).toContain("Page not found");
    expect(FakeSocket.all).toHaveLength(0);
  });

  it("explains why the session ended, and takes no more requests", async () => {
    (await open()).breaks(CLOSE.ended, "ended");
    await flushPromises();
    expect(page.get("[role=alert]").text()).toBe(liveSession.getSnapshot().reason);
    expect(page.find("form").exists()).toBe(false);
    await press("Start a new session");
    expect(router.currentRoute.value.fullPath).toBe("/session");
  });

  it("joins the same session again after an idle time ended it", async () => {
    (await open()).breaks(CLOSE.idle);
    await flushPromises();
    await press("Join again");
    const socket = await nextSocket();
    welcome(socket);
    expect(socket.sent[0]).toMatchObject({ session: "notes", name: "Ada" });
  });

  it("leads home from a session that may not be joined", async () => {
    show();
    const socket = await nextSocket();
    socket.accept();
    socket.receive({ state: "error", error: "You may not join this session.", code: "forbidden" });
    socket.breaks(CLOSE.forbidden);
    await flushPromises();
    expect(page.text()).toContain("You may not join this session.");
    await press("Go to the home page");
    expect(router.currentRoute.value.fullPath).toBe("/");
  });

  it("reports missed messages until the notice is dismissed", async () => {
    (await open()).breaks();
    welcome(await nextSocket(), { seq: 9 });
    await flushPromises();
    expect(page.text()).toContain("Some messages were missed");
    await press("Dismiss");
    expect(page.text()).not.toContain("Some messages were missed");
  });

  it("offers to reload a page that is older than the server, and stays in the session", async () => {
    const reload = vi.spyOn(location, "reload").mockReturnValue();
    (await open()).breaks();
    welcome(await nextSocket(), { recovered: true, contract_changed: true });
    await flushPromises();
    await press("Reload");
    expect(reload).toHaveBeenCalledOnce();
    expect(FakeSocket.all.flatMap((one) => one.of("leave"))).toEqual([]);
  });
});
