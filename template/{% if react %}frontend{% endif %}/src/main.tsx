import "./styles.css";

import { app } from "./app";
import { startApp } from "./duplex";
import Layout from "./Layout";

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no element #app to show the page in.");

void startApp(app, Layout, root);
