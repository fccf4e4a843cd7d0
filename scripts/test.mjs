// `npm test`: all tests from a fresh clone. Sets up what is missing, then runs vitest with the same arguments
// (`npm test -- tests/core`) and gives its exit code.
import { join } from "node:path";
import { prepare, root, run } from "./fromClone.mjs";

await prepare();
process.exitCode = await run(
  process.execPath,
  [join(root, "node_modules", "vitest", "vitest.mjs"), "run", ...process.argv.slice(2)],
  { cwd: root },
);
