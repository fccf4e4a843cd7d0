// `npm run demo`: the demo from a fresh clone. Sets up what is missing, then runs the built command line with the same
// arguments and gives its exit code.
import { join } from "node:path";
import { prepare, root, run } from "./fromClone.mjs";

await prepare();
process.exitCode = await run(process.execPath, [
  join(root, "bin", "oh-my-qwencoder.js"),
  "demo",
  ...process.argv.slice(2),
]);
