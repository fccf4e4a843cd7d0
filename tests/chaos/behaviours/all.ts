import type { Behaviour } from "../scenario.ts";
import { COMMANDING } from "./commanding.ts";
import { SPEAKING } from "./speaking.ts";
import { HELPERS, WRITING } from "./writing.ts";

export const BEHAVIOURS: readonly Behaviour[] = [...WRITING, ...HELPERS, ...SPEAKING, ...COMMANDING];
