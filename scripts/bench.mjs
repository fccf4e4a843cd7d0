// `npm run bench:<name>`: bundles scripts/bench/<name>.ts (it is TypeScript and shares the tests' host) and runs it with
// the remaining arguments. The plugin under test is the built one.
import { join } from "node:path";
import { withBundle } from "./bundled.mjs";
import { prepare } from "./fromClone.mjs";

const names = [
  "startup",
  "swarm",
  "bytes",
  "gate",
  "prefix",
  "tune",
  "sandbox",
  "admission",
  "routing",
  "fusion",
  "hooks",
  "scheduler",
  "hud",
  "pool",
  "jobs",
  "dashboard",
  "tracking",
];
const [name = "", ...rest] = process.argv.slice(2);
if (!names.includes(name)) {
  console.error(`bench: name one of ${names.join(", ")}; for example \`node scripts/bench.mjs bytes --json\`.`);
  process.exit(2);
}
await prepare();
await withBundle(join("scripts", "bench", `${name}.ts`), name, ({ bench }, outfile) => {
  process.argv = [process.argv[0], outfile, ...rest];
  return bench(rest);
});
