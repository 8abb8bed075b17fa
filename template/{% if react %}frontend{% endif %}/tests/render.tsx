import { cleanup, render, type RenderResult } from "@testing-library/react";
import { type ReactNode, StrictMode } from "react";
import { MemoryRouter, Route, Routes, useLocation } from "react-router";
import { afterEach } from "vitest";

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
