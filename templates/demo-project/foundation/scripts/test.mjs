// Runs the tests below the given folders (default: src) with Node's own test runner.
// The compiled copy goes to the temporary directory, so the project itself is only read.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import ts from "typescript";

const folders = process.argv.slice(2);
const sources = readdirSync("src", { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
  .map((entry) => join(entry.parentPath, entry.name));
const asked = folders.length > 0 ? folders.map((folder) => folder.replace(/[\\/]+$/, "")) : ["src"];
const tests = sources.filter(
  (file) => file.endsWith(".test.ts") && asked.some((folder) => file === folder || file.startsWith(folder.split("/").join(sep) + sep)),
);
if (tests.length === 0) {
  console.error(`No test below ${asked.join(", ")}.`);
  process.exit(1);
}

const out = mkdtempSync(join(tmpdir(), "notice-board-"));
let status = 1;
try {
  writeFileSync(join(out, "package.json"), '{ "type": "module" }\n');
  for (const file of sources) {
    const target = join(out, file.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(target), { recursive: true });
    const compiled = ts.transpileModule(readFileSync(file, "utf8"), {
      fileName: file,
      compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, inlineSourceMap: true },
    });
    writeFileSync(target, compiled.outputText);
  }
  const compiledTests = tests.map((file) => relative(".", join(out, file.replace(/\.ts$/, ".js"))));
  status = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-reporter=spec", ...compiledTests], { stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
process.exit(status);
