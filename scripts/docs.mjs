// Writes the pages of docs/ that are made from the program (every setting, every command); tests/docs compares them.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withBundle } from "./bundled.mjs";
import { root } from "./fromClone.mjs";

const present = (file) => (existsSync(file) ? readFileSync(file, "utf8") : undefined);

await withBundle(join("scripts", "docs", "render.ts"), "docs", async ({ pages }) => {
  for (const [path, text] of Object.entries(await pages())) {
    const file = join(root, path);
    const differs = present(file) !== text;
    if (differs) writeFileSync(file, text);
    console.log(`${path}: ${differs ? "written" : "as it was"}`);
  }
});
