import { Listeners } from "../api/socket/listeners";

/** Told when somebody's account is left: what was shown to them is not for whoever comes next. */
export const forgetting = new Listeners<undefined>();
