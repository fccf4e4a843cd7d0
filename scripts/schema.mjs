// Writes aegis.schema.json from the zod schema; with --check it only compares and fails on drift.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const file = join(root, "aegis.schema.json");
const bundle = await build({
  absWorkingDir: root,
  entryPoints: ["src/config/jsonSchema.ts"],
  bundle: true,
  format: "esm",
  platform: "node",
  write: false,
  logLevel: "warning",
});
const code = bundle.outputFiles[0]?.text ?? "";
const { renderJsonSchema } = await import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`);
const text = renderJsonSchema();
if (process.argv.includes("--check")) {
  if (readFileSync(file, "utf8") !== text) {
    console.error(
      "aegis.schema.json does not match src/config/schema.ts. Run `node scripts/schema.mjs` and commit it.",
    );
    process.exit(1);
  }
} else writeFileSync(file, text);
