/**
 * Runs before each file of tests; the tests import its helpers, by its whole name: beside the `setup.ts`
 * of an earlier release, `./setup` would be that one.
 */
import { cleanup, configure, render, type RenderResult } from "@testing-library/react";
import { type ReactNode, StrictMode } from "react";
import { MemoryRouter, Route, Routes, useLocation } from "react-router";
import { afterEach } from "vitest";

import { app } from "../src/app";
import { configureApp, liveSession } from "../src/duplex";

// As the application's first script does.
configureApp(app);
// Before a test stops the clock.
await liveSession.loadClient();

// Pages are loaded when they are shown, which takes long on a busy machine.
configure({ asyncUtilTimeout: 20_000 });

afterEach(cleanup);

/** Shows the address after a navigation. */
function Elsewhere() {
  const { pathname, search } = useLocation();
  return <p>Elsewhere: {pathname + search}</p>;
}

/** Shows `page` at `path` as the application would: in strict mode, with a router around it. */
export function show(page: ReactNode, path = "/", pattern = path): RenderResult {
  return render(
    <StrictMode>
      <MemoryRouter initialEntries={[path]}>
        <Routes>
          <Route path={pattern} element={page} />
          <Route path="*" element={<Elsewhere />} />
        </Routes>
      </MemoryRouter>
    </StrictMode>,
  );
}
