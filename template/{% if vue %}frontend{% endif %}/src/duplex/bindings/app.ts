import type { Component } from "vue";

import * as engine from "../app/app";

/** What a page, or the account menu, is. */
export type PageComponent = Component;

/** The registered application. */
export const currentApp = engine.currentApp as () => engine.App<PageComponent>;
