import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it, onTestFinished } from "vitest";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Runs the project's own lint rules on a small tree of the given files. */
async function lint(files: Record<string, string>): Promise<{ exitCode?: number; all: string }> {
  const dir = mkdtempSync(join(tmpdir(), "omq-lint-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const name of ["biome.json", ".gitignore", "scripts/lint"])
    cpSync(join(root, name), join(dir, name), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return execa(join(root, "node_modules/.bin/biome"), ["lint", "--error-on-warnings"], {
    cwd: dir,
    reject: false,
    all: true,
  });
}

it("takes a signal that ends with others", async () => {
  const text = "export const either = (a: AbortSignal, b: AbortSignal) => AbortSignal.any([a, b]);\n";
  const { exitCode, all } = await lint({ "src/sound.ts": text });
  expect([exitCode, all]).toEqual([0, expect.stringContaining("Checked")]);
});

it("refuses a time limit that Node 20 can lose, wherever a request may be sent", async () => {
  const text = "export const limit = AbortSignal.timeout(5);\n";
  const planted = ["src/planted.ts", "plugin/planted.ts", "vllm/planted.ts", "scripts/planted.mjs"];
  const { exitCode, all } = await lint(Object.fromEntries(planted.map((name) => [name, text])));
  expect(exitCode).toBe(1);
  for (const name of planted) expect(all).toContain(`${name}:1:`);
  expect(all.match(/is `withinTime` or `TimeLimit`/g)).toHaveLength(planted.length);
});
