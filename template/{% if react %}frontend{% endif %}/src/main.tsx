import "./styles.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";

import App from "./App";
import { features } from "./features";
import { prepareInspector } from "./inspector/switch";

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no element #app to show the page in.");

features.start();
// No `await` out here: the inspector imports from the page's one file, which then waited for itself.
void prepareInspector().then(() => {
  createRoot(root).render(
    <StrictMode>
      <BrowserRouter>
        <App />
      </BrowserRouter>
    </StrictMode>,
  );
});
