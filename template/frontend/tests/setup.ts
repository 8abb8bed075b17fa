/** Runs before each file of tests: registers the application, as its first script does. */
import { app } from "../src/app";
import { configureApp } from "../src/duplex";

configureApp(app);
