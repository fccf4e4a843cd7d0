import { stateHome } from "../../config/stateHome.ts";
import { homeOf } from "../config/load.ts";
import type { Io } from "../io.ts";

/** Where records and logs of servers are kept. */
export const vllmStateDir = (io: Io): string => stateHome(io.env, homeOf(io));
