// `npm run test:chaos`: builds what is missing, then plays tests/chaos with the same arguments and gives its exit code.
import { join } from "node:path";
import { withBundle } from "./bundled.mjs";
import { prepare } from "./fromClone.mjs";

await prepare();
try {
  process.exitCode = await withBundle(join("tests", "chaos", "main.ts"), "chaos", ({ main }) =>
    main(process.argv.slice(2)),
  );
} catch (error) {
  console.error(`chaos: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
