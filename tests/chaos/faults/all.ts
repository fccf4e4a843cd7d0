import type { Fault } from "../scenario.ts";
import { CRASHES } from "./crashes.ts";
import { MODEL_SERVER } from "./modelServer.ts";
import { PERSON } from "./person.ts";
import { STATE } from "./state.ts";

export const FAULTS: readonly Fault[] = [...CRASHES, ...MODEL_SERVER, ...STATE, ...PERSON];
