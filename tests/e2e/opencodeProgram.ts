import { fileURLToPath } from "node:url";

/** The pinned OpenCode of this checkout. Not looked for, as the product does: to ask it its version is a third of its start. */
export const OPENCODE = fileURLToPath(new URL("../../node_modules/.bin/opencode", import.meta.url));

/**
 * For OpenCode's engine alone: no third optimizing compiler, whose work a process of a minute never gets back. A tenth of the
 * processor time of everything that starts OpenCode; what it does is the same.
 */
export const SHORT_LIVED = { BUN_JSC_useFTLJIT: "0" };
