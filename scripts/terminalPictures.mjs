// Writes docs/images/terminal-*.webp: a whole demo, and a swarm in OpenCode's own screen, in a real terminal. Takes two minutes.
import { join } from "node:path";
import { withBundle } from "./bundled.mjs";
import { prepare } from "./fromClone.mjs";

await prepare();
await withBundle(join("scripts", "bench", "terminalPictures.ts"), "terminal", ({ draw }) => draw("docs/images"));
