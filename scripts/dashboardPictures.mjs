// Writes docs/images/dashboard-*.webp: the recorded demo swarm in a real Chromium. Takes half a minute: it plays in its own time.
import { join } from "node:path";
import { withBundle } from "./bundled.mjs";
import { prepare } from "./fromClone.mjs";

await prepare();
await withBundle(join("scripts", "bench", "dashboardPictures.ts"), "pictures", ({ draw }) => draw("docs/images"));
