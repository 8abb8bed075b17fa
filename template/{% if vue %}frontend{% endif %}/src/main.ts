import "./styles.css";

import { createPinia } from "pinia";
import { createApp } from "vue";

import { app } from "./app";
import App from "./App.vue";
import { startApp } from "./duplex";

void startApp(app, (router) => createApp(App).use(createPinia()).use(router).mount("#app"));
