// Writes the pictures of docs/ that the program draws. tests/docs compares them with what it draws now.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const bundle = await build({
  absWorkingDir: root,
  entryPoints: ["vllm/recipes/recipesPicture.ts"],
  bundle: true,
  format: "esm",
  platform: "node",
  write: false,
  logLevel: "warning",
});
const code = bundle.outputFiles[0]?.text ?? "";
const { recipesPicture } = await import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`);
writeFileSync(join(root, "docs", "serving-memory.svg"), recipesPicture());
