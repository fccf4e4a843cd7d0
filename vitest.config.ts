import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { FILES_AT_ONCE, SlowFirst } from "./tests/slowFirst.ts";

const sandbox = spawnSync("bwrap", ["--unshare-user", "--ro-bind", "/", "/", "true"]).status === 0;
if (!sandbox) {
  // Workers without a sandbox have no shell: what the end-to-end tests show cannot be shown there.
  console.error(
    "No bubblewrap can be used here: tests/e2e is left out, sandbox tests are skipped (scripts/setup-dev.sh).",
  );
}

/** Files that put something in a module's place (`vi.mock`): what they load must be theirs alone. */
const APART = ["tests/core/workflow/exhaustive.test.ts", "tests/core/workflow/properties.test.ts"];
const LEFT_OUT = [
  "tests/chaos/**",
  "tests/real/**",
  "tests/fixtures/**",
  "**/node_modules/**",
  ...(sandbox ? [] : ["tests/e2e/**"]),
];

export default defineConfig({
  // The roles' prompts are imported as text, as the build does it.
  plugins: [
    {
      name: "markdown-as-text",
      enforce: "pre",
      load(id) {
        return id.endsWith(".md") ? `export default ${JSON.stringify(readFileSync(id, "utf8"))};` : undefined;
      },
    },
  ],
  test: {
    setupFiles: ["tests/setup.ts"],
    // File after file in the same processes: to start one for each, and to load everything anew, was half of the quick
    // tests' time. tests/setup.ts puts back what a file changed of its process.
    projects: [
      {
        extends: true,
        test: { name: "tests", isolate: false, include: ["tests/**/*.test.ts"], exclude: [...LEFT_OUT, ...APART] },
      },
      { extends: true, test: { name: "apart", isolate: true, include: APART } },
    ],
    // Generous, since a machine that does other things too makes a real OpenCode several times slower.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: FILES_AT_ONCE,
    sequence: { sequencer: SlowFirst },
  },
});
