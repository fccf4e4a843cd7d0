// Writes aegis.schema.json from the zod schema; with --check it only compares and fails on drift.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { exportsOf } from "./bundled.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const file = join(root, "aegis.schema.json");
const { renderJsonSchema } = await exportsOf("src/config/jsonSchema.ts");
const text = renderJsonSchema();
if (process.argv.includes("--check")) {
  if (readFileSync(file, "utf8") !== text) {
    console.error(
      "aegis.schema.json does not match src/config/schema.ts. Run `node scripts/schema.mjs` and commit it.",
    );
    process.exit(1);
  }
} else writeFileSync(file, text);
