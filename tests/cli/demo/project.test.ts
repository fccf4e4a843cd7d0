import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { execa } from "execa";
import { afterEach, expect, it } from "vitest";
import { loadDemoContent } from "../../../src/cli/demo/content.ts";
import { assertEmpty, makeProject, provideTools } from "../../../src/cli/demo/project.ts";

const root = resolve(import.meta.dirname, "../../..");
const made: string[] = [];
afterEach(async () => {
  await Promise.all(made.splice(0).map((dir) => rm(dir, { recursive: true, force: true })));
});

it("makes a clean repository with one commit, a home that is not there, and tools that run", async () => {
  const base = await mkdtemp(join(tmpdir(), "demo-project-"));
  made.push(base);
  const dir = join(base, "deep", "project");
  const content = await loadDemoContent(join(root, "templates/demo-project"), 1);
  const env = { PATH: process.env.PATH ?? "", HOME: join(base, "nowhere") };
  await makeProject(dir, content, env);
  const signal = new AbortController().signal;
  expect(await provideTools(dir, { packageDir: root, content, scratchDir: join(base, "tools"), signal })).toBe(
    "copied",
  );

  const git = (...argv: string[]) => execa("git", argv, { cwd: dir, env, extendEnv: false });
  expect((await git("rev-list", "--count", "HEAD")).stdout).toBe("1");
  expect((await git("status", "--porcelain")).stdout).toBe("");
  for (const file of content.foundation) {
    await mkdir(dirname(join(dir, file.path)), { recursive: true });
    await writeFile(join(dir, file.path), file.content);
  }
  await execa("npm", ["run", "lint"], { cwd: dir });
  await execa("npm", ["run", "typecheck"], { cwd: dir });
  await expect(assertEmpty(dir)).rejects.toThrow(/not empty/);
  await expect(assertEmpty(join(base, "new"))).resolves.toBeUndefined();
});
