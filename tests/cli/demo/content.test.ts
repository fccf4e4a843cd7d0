import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { execa } from "execa";
import { afterEach, describe, expect, it } from "vitest";
import { type DemoFile, loadDemoContent, withFeatures } from "../../../src/cli/demo/content.ts";

const root = resolve(import.meta.dirname, "../../..");
const template = join(root, "templates/demo-project");
const made: string[] = [];
afterEach(async () => {
  await Promise.all(made.splice(0).map((dir) => rm(dir, { recursive: true, force: true })));
});

async function project(files: readonly DemoFile[]): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "demo-content-"));
  made.push(dir);
  for (const file of files) {
    await mkdir(dirname(join(dir, file.path)), { recursive: true });
    await writeFile(join(dir, file.path), file.content);
  }
  await symlink(join(root, "node_modules"), join(dir, "node_modules"));
  return dir;
}

const script = (cwd: string, name: string, ...rest: string[]) =>
  execa("npm", ["run", "--silent", name, "--", ...rest], { cwd, all: true, reject: false });

async function qa(dir: string): Promise<Record<string, string>> {
  const ran = await Promise.all(
    ["typecheck", "lint", "test"].map(async (name) => [name, await script(dir, name)] as const),
  );
  return Object.fromEntries(ran.map(([name, run]) => [name, run.exitCode === 0 ? "passed" : (run.all ?? "no output")]));
}

const green = { typecheck: "passed", lint: "passed", test: "passed" };

describe("the demo's project", () => {
  it.each([1, 8])("passes its own type check, lint and tests with %i features put together", async (workers) => {
    const content = await loadDemoContent(template, workers);
    expect(content.features).toHaveLength(workers);
    const dir = await project([
      ...content.foundation,
      ...content.features.flatMap((feature) => feature.files),
      ...content.integration,
    ]);
    expect(await qa(dir)).toEqual(green);
  });

  it("has features that stay in their scope, and each passes on top of the foundation alone", async () => {
    const content = await loadDemoContent(template, 8);
    const [first, ...others] = content.features;
    expect(await qa(await project([...content.foundation, ...(first?.files ?? [])]))).toEqual(green);
    for (const feature of [first, ...others]) {
      expect(feature?.files.map((file) => file.path)).toSatisfy((paths: string[]) =>
        paths.every((path) => path.startsWith(`src/${feature?.name}/`)),
      );
      expect(
        feature?.files.flatMap((file) => [...file.content.matchAll(/from "(\.\.\/[^"]+)"/g)].map((found) => found[1])),
      ).toSatisfy((targets: string[]) => targets.every((target) => /^\.\.\/(types\.js|lib\/)/.test(target)));
    }
  });

  it("writes a file after what it imports", async () => {
    const content = await loadDemoContent(template, 8);
    expect(content.features[0]?.files.map((file) => file.path)).toEqual([
      "src/store/checkedNotice.ts",
      "src/store/memoryStore.ts",
      "src/store/store.test.ts",
    ]);
    expect(content.integration.map((file) => file.path)).toEqual(["src/app.ts", "src/app.test.ts"]);
    expect(content.start.map((file) => file.path).sort()).toEqual([".gitignore", "README.md"]);
  });
});

describe("withFeatures", () => {
  const text = "a\n//#if x\nb\n//#if y\nc\n//#endif\n//#else x\nd\n//#endif\ne";
  it.each([
    [[], "a\nd\ne"],
    [["x"], "a\nb\ne"],
    [["x", "y"], "a\nb\nc\ne"],
    [["y"], "a\nd\ne"],
  ])("keeps the blocks of %j", (names, expected) => {
    expect(withFeatures(text, new Set(names))).toBe(expected);
  });
});
