import { flushPromises, type VueWrapper } from "@vue/test-utils";
import { beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";

import { apiCore } from "../../src/api/core";
import { ApiError, toasts } from "../../src/duplex";
import MailedPage from "../../src/pages/auth/MailedPage.vue";
import { control, show } from "../setup";

const PAGE = "/sign-up/confirm";
let request: MockInstance<typeof apiCore.request>;

function open(token = "first.second"): Promise<VueWrapper> {
  history.replaceState(null, "", token === "" ? PAGE : `${PAGE}#token=${token}`);
  return show(MailedPage, PAGE);
}

async function send(page: VueWrapper): Promise<void> {
  await page.get("form").trigger("submit");
  await flushPromises();
}

beforeEach(() => {
  request = vi.spyOn(apiCore, "request");
});

describe("the page that a mailed link opens", () => {
  it("uses nothing up when it is opened, and hides the token", async () => {
    const page = await open();
    expect(control(page, "button", "Confirm").exists()).toBe(true);
    expect(request).not.toHaveBeenCalled();
    expect(location.href).not.toContain("first.second");
  });

  it.each(["link_expired", "other_browser"])(
    "says why a link is of no use, and how to go on: %s",
    async (code) => {
      request.mockRejectedValue(new ApiError(400, code, "This link was used or is too old."));
      const page = await open();
      await send(page);
      expect(page.get("[role=alert]").text()).toBe("This link was used or is too old.");
      expect(control(page, "a", "Ask for a new mail").attributes("href")).toBe("/sign-up");
      expect(page.find("form").exists()).toBe(false);
    },
  );

  it("keeps the form when another attempt may succeed", async () => {
    request.mockRejectedValue(new ApiError(503, "unavailable", "The server is busy."));
    const page = await open();
    await send(page);
    expect(toasts.getSnapshot().map(({ text }) => text)).toContain("The server is busy.");
    expect(page.find("form").exists()).toBe(true);
    expect(page.find("[role=alert]").exists()).toBe(false);
  });

  it("says that a link without a token is incomplete", async () => {
    const page = await open("");
    expect(page.get("[role=alert]").text()).toContain("This link is incomplete.");
    expect(page.find("form").exists()).toBe(false);
  });
});
