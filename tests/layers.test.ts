import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it, onTestFinished } from "vitest";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Runs the project's own layer rules on a small tree of the given files. */
async function checkLayers(files: Record<string, string>): Promise<{ exitCode?: number; all: string }> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "omq-layers-")));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const name of ["node_modules", ".dependency-cruiser.cjs", "tsconfig.json", "package.json"])
    symlinkSync(join(root, name), join(dir, name));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  const program = join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const folders = [...new Set(Object.keys(files).map((name) => name.split("/")[0] ?? ""))];
  return execa(process.execPath, [program, "--config", ".dependency-cruiser.cjs", ...folders], {
    cwd: dir,
    reject: false,
    all: true,
  });
}

const pure = { "src/core/pure.ts": `import { z } from "zod";\nexport const schema = z.string();\n` };

it("passes a tree that keeps the arrows", async () => {
  const { exitCode, all } = await checkLayers({
    ...pure,
    "src/runtime/user.ts": `import { schema } from "../core/pure.ts";\nexport const user = schema;\n`,
  });
  expect([exitCode, all]).toEqual([0, expect.stringContaining("no dependency violations found")]);
});

it.each([
  [
    "core-imports-no-io",
    { "src/core/planted.ts": `import { readFileSync } from "node:fs";\nexport const read = readFileSync;\n` },
  ],
  ["core-imports-no-io", { "src/core/planted.ts": `import { execa } from "execa";\nexport const run = execa;\n` }],
  [
    "core-is-pure",
    {
      "src/adapters/disk.ts": "export const disk = 1;\n",
      "src/core/planted.ts": `import type { disk } from "../adapters/disk.ts";\nexport type Disk = typeof disk;\n`,
    },
  ],
  [
    "runtime-knows-no-adapter",
    {
      "src/adapters/disk.ts": "export const disk = 1;\n",
      "src/runtime/planted.ts": `export { disk } from "../adapters/disk.ts";\n`,
    },
  ],
  [
    "adapters-know-no-runtime",
    {
      "src/runtime/swarm.ts": "export const swarm = 1;\n",
      "src/adapters/planted.ts": `export { swarm } from "../runtime/swarm.ts";\n`,
    },
  ],
  [
    "config-and-ports-know-core-only",
    {
      "src/runtime/swarm.ts": "export const swarm = 1;\n",
      "src/ports/planted.ts": `export { swarm } from "../runtime/swarm.ts";\n`,
    },
  ],
  [
    "shells-do-not-import-each-other",
    {
      "src/cli/words.ts": "export const word = 1;\n",
      "plugin/planted.ts": `export { word } from "../src/cli/words.ts";\n`,
    },
  ],
  [
    "no-circular",
    {
      "src/core/a.ts": `import { b } from "./b.ts";\nexport const a = (): unknown => b;\n`,
      "src/core/b.ts": `import { a } from "./a.ts";\nexport const b = (): unknown => a;\n`,
    },
  ],
])("%s fails on a planted violation %#", async (rule, files) => {
  const { exitCode, all } = await checkLayers({ ...pure, ...files });
  expect([exitCode, all]).toEqual([expect.any(Number), expect.stringContaining(`error ${rule}`)]);
  expect(exitCode).toBeGreaterThan(0);
});
