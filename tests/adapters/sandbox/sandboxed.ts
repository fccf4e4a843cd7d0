import { describe } from "vitest";
import { probeBubblewrap } from "../../../src/adapters/sandbox/probe.ts";

const probe = await probeBubblewrap("bwrap");
if (!probe.usable) console.warn(`Tests of the sandbox are skipped: ${probe.reason}. ${probe.mend}`);

/** A `describe` of what needs the real bubblewrap, skipped where there is none. */
export const sandboxed = describe.runIf(probe.usable);
