import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** A violation of each rule, the file that it is named by, and what makes it. */
const PLANTED: readonly [rule: string, file: string, files: Record<string, string>][] = [
  [
    "core-imports-no-io",
    "src/core/reads.ts",
    { "src/core/reads.ts": `import { readFileSync } from "node:fs";\nexport const read = readFileSync;\n` },
  ],
  [
    "core-imports-no-io",
    "src/core/runs.ts",
    { "src/core/runs.ts": `import { execa } from "execa";\nexport const run = execa;\n` },
  ],
  [
    "core-is-pure",
    "src/core/types.ts",
    {
      "src/adapters/disk.ts": "export const disk = 1;\n",
      "src/core/types.ts": `import type { disk } from "../adapters/disk.ts";\nexport type Disk = typeof disk;\n`,
    },
  ],
  [
    "runtime-knows-no-adapter",
    "src/runtime/planted.ts",
    {
      "src/adapters/disk.ts": "export const disk = 1;\n",
      "src/runtime/planted.ts": `export { disk } from "../adapters/disk.ts";\n`,
    },
  ],
  [
    "adapters-know-no-runtime",
    "src/adapters/planted.ts",
    {
      "src/runtime/swarm.ts": "export const swarm = 1;\n",
      "src/adapters/planted.ts": `export { swarm } from "../runtime/swarm.ts";\n`,
    },
  ],
  [
    "config-and-ports-know-core-only",
    "src/ports/planted.ts",
    {
      "src/runtime/swarm.ts": "export const swarm = 1;\n",
      "src/ports/planted.ts": `export { swarm } from "../runtime/swarm.ts";\n`,
    },
  ],
  [
    "shells-do-not-import-each-other",
    "plugin/planted.ts",
    {
      "src/cli/words.ts": "export const word = 1;\n",
      "plugin/planted.ts": `export { word } from "../src/cli/words.ts";\n`,
    },
  ],
  [
    "no-circular",
    "src/core/a.ts",
    {
      "src/core/a.ts": `import { b } from "./b.ts";\nexport const a = (): unknown => b;\n`,
      "src/core/b.ts": `import { a } from "./a.ts";\nexport const b = (): unknown => a;\n`,
    },
  ],
];

/** What is said of a tree of the given files by the project's own layer rules. */
async function checkLayers(files: Record<string, string>): Promise<{ exitCode?: number; all: string }> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "omq-layers-")));
  try {
    for (const name of ["node_modules", ".dependency-cruiser.cjs", "tsconfig.json", "package.json"])
      symlinkSync(join(root, name), join(dir, name));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileSync(join(dir, name), text);
    }
    const program = join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
    const folders = [...new Set(Object.keys(files).map((name) => name.split("/")[0] ?? ""))];
    return await execa(process.execPath, [program, "--config", ".dependency-cruiser.cjs", ...folders], {
      cwd: dir,
      reject: false,
      all: true,
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const pure = { "src/core/pure.ts": `import { z } from "zod";\nexport const schema = z.string();\n` };

it("passes a tree that keeps the arrows", async () => {
  const { exitCode, all } = await checkLayers({
    ...pure,
    "src/runtime/user.ts": `import { schema } from "../core/pure.ts";\nexport const user = schema;\n`,
  });
  expect([exitCode, all]).toEqual([0, expect.stringContaining("no dependency violations found")]);
});

describe("planted violations, in one tree", () => {
  let all: string;
  let exitCode: number | undefined;
  beforeAll(async () => {
    ({ all, exitCode } = await checkLayers({ ...pure, ...Object.assign({}, ...PLANTED.map(([, , files]) => files)) }));
  });

  it.each(PLANTED)("%s names %s", (rule, file) => {
    expect(all).toMatch(new RegExp(`error ${rule}: ${file.replaceAll(".", "\\.")}\\b`, "u"));
  });

  it("the check fails by them and by no other", () => {
    expect(exitCode).toBeGreaterThan(0);
    expect(all.match(/^\s*error /gmu)).toHaveLength(PLANTED.length);
  });
});
