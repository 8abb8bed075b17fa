import { flushPromises, type VueWrapper } from "@vue/test-utils";
import { beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import type { Component } from "vue";

import { auth } from "../../src/api/auth";
import { ApiError } from "../../src/duplex";
import SignInPage from "../../src/pages/auth/SignInPage.vue";
import SignUpPage from "../../src/pages/auth/SignUpPage.vue";
import { control, show } from "../setup";

const LINK = "Create an account";
let asked: MockInstance<typeof auth.signUpOpen>;

async function open(page: Component, path: string): Promise<VueWrapper> {
  const wrapper = await show(page, path);
  await flushPromises();
  return wrapper;
}

beforeEach(() => {
  asked = vi.spyOn(auth, "signUpOpen");
});

describe("an account", () => {
  it("is offered where visitors can create one", async () => {
    asked.mockResolvedValue(true);
    const page = await open(SignInPage, "/sign-in?next=/account");
    expect(control(page, "a", LINK).attributes("href")).toBe("/sign-up?next=/account");
  });

  it("is not offered where accounts are created only by invitation", async () => {
    asked.mockResolvedValue(false);
    const page = await open(SignInPage, "/sign-in");
    expect(page.text()).not.toContain(LINK);
  });

  it("is offered when the server does not answer", async () => {
    asked.mockRejectedValue(new ApiError(0, "offline", "No server."));
    const page = await open(SignInPage, "/sign-in");
    expect(control(page, "a", LINK).exists()).toBe(true);
  });

  it("cannot be requested where accounts are created only by invitation", async () => {
    asked.mockResolvedValue(false);
    const page = await open(SignUpPage, "/sign-up");
    expect(page.text()).toContain("only by invitation");
    expect(page.find("form").exists()).toBe(false);
  });
});
