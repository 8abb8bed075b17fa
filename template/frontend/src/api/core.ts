/** The REST API of this application's server. */
import { createApi } from "../duplex";

export const apiCore = createApi("/api/v1");
