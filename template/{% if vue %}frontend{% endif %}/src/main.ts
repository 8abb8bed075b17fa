import "./styles.css";

import { createPinia } from "pinia";
import { createApp } from "vue";

import App from "./App.vue";
import { features } from "./features";
import { prepareInspector } from "./inspector/switch";
import { createPageRouter } from "./router";

const router = createPageRouter(features.routes);
const app = createApp(App).use(createPinia());
// Guards come before the first navigation, which starts when the router is installed.
features.install(router);
// No `await` out here: the inspector imports from the page's one file, which then waited for itself.
void prepareInspector().then(() => app.use(router).mount("#app"));
