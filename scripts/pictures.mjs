// Writes the pictures of docs/ that the program draws. tests/docs compares them with what it draws now.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { exportsOf } from "./bundled.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { recipesPicture } = await exportsOf("vllm/recipes/recipesPicture.ts");
writeFileSync(join(root, "docs", "serving-memory.svg"), recipesPicture());
