import { existsSync } from "node:fs";
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createWorktrees } from "../../../src/adapters/git/worktrees.ts";
import type { SandboxRun } from "../../../src/ports/sandbox.ts";
import { TestProject } from "./project.ts";

let project: TestProject;
let dir: string;
let other: string;
beforeEach(async () => {
  project = await TestProject.create();
  await project.write({ "node_modules/dep/i.js": "dep\n", "dist/built.js": "built\n", "local.env": "A=1\n" });
  await project.write({ ".git/info/exclude": "local.env\n" });
  const trees = createWorktrees(project.dir);
  dir = path.join(project.dir, ".aegis/worktrees/s-1/w01");
  other = path.join(project.dir, ".aegis/worktrees/s-1/w02");
  const head = await project.git("rev-parse", "HEAD");
  await trees.open({ dir, branch: "aegis/s-1/w01" }, head);
  await trees.open({ dir: other, branch: "aegis/s-1/w02" }, head);
});
afterEach(() => project.remove());

async function inTree(command: string, more: { cwd?: string; scope?: string[] } = {}): Promise<SandboxRun> {
  const shown = await createWorktrees(project.dir).ignoredEntries();
  const spec = project.spec(more.scope ?? ["src/a/**"], "worker", {
    worktree: { dir, shown },
    ...(more.cwd === undefined ? {} : { cwd: more.cwd }),
  });
  return project.sandbox.run(spec, command, { cwd: project.dir, timeoutMs: 30_000 });
}

test("the tree is seen in the project's place, and the project's own files are out of reach", async () => {
  await project.write({ "src/top.ts": "changed in the project\n" });
  const { output } = await inTree(
    `pwd; cat src/top.ts; echo mine > src/a/in.ts; echo x > src/top.ts; cat ${project.dir}/src/a/in.ts; ls -a; ls .aegis/worktrees`,
  );
  expect(output).toContain(`${project.dir}\ntop\n`);
  expect(output).toContain("mine\n");
  expect(output).toContain("Read-only file system");
  expect(output).not.toContain("changed in the project");
  expect(output).toMatch(/cannot access '\.aegis\/worktrees'/u);
  expect(await project.read("src/a/in.ts")).toBe("in\n");
  expect(await readFile(path.join(dir, "src/a/in.ts"), "utf8")).toBe("mine\n");
});

test("what the project ignores is there, read-only; build outputs are the Worker's own copy", async () => {
  const { output } = await inTree(
    "cat node_modules/dep/i.js local.env dist/built.js; echo x > node_modules/dep/i.js; echo x > local.env; echo own > dist/built.js; cat dist/built.js",
  );
  expect(output).toContain("dep\nA=1\nbuilt\n");
  expect(output.match(/Read-only file system/gu)).toHaveLength(2);
  expect(output).toContain("own\n");
  expect(await project.read("dist/built.js")).toBe("built\n");
  expect(await project.read("node_modules/dep/i.js")).toBe("dep\n");
});

test("git works in it and writes nothing: no ref, no object, no index, not in other trees", async () => {
  const { output } = await inTree(
    "git status --short --branch; git log --format=%s; echo x > src/a/in.ts; git add -A; git commit -qam x; git branch y; git hash-object -w src/top.ts; git worktree list | wc -l; echo x > /run/aegis/git/HEAD; git update-ref refs/heads/main HEAD~0; echo 'gitdir: /tmp' > .git",
  );
  expect(output).toContain("## aegis/s-1/w01\n");
  expect(output).toContain("first\n");
  expect((output.match(/Read-only file system/gu) ?? []).length).toBeGreaterThanOrEqual(4);
  expect(await project.git("for-each-ref", "--format=%(refname)")).toBe(
    "refs/heads/aegis/s-1/w01\nrefs/heads/aegis/s-1/w02\nrefs/heads/main",
  );
  expect(await project.git("cat-file", "-t", await project.git("rev-parse", "main"))).toBe("commit");
});

test("neither another Worker's tree nor one's own true place can be written", async () => {
  await inTree(`mkdir -p ${other}/src/a ${dir}/src/a; echo x > ${other}/src/a/in.ts; echo x > ${dir}/src/b/out.ts`);
  expect(await readFile(path.join(other, "src/a/in.ts"), "utf8")).toBe("in\n");
  expect(await readFile(path.join(dir, "src/b/out.ts"), "utf8")).toBe("out\n");
});

test("new files outside the scope are taken back from the tree", async () => {
  const { output } = await inTree("echo x > src/stray.txt; echo x > src/new.ts", { scope: ["src/*.ts"] });
  expect(output).toContain("removed what was written outside the scope: src/stray.txt");
  expect(existsSync(path.join(dir, "src/stray.txt"))).toBe(false);
  expect(existsSync(path.join(dir, "src/new.ts"))).toBe(true);
});

test("a call starts where it was asked to", async () => {
  await mkdir(path.join(dir, "src/a/deep"), { recursive: true });
  expect((await inTree("cd src/a/deep && pwd")).output.trim()).toBe(path.join(project.dir, "src/a/deep"));
  const spec = project.spec(["src/a/**"], "worker", {
    worktree: { dir, shown: [] },
    cwd: path.join(project.dir, "src/a/deep"),
  });
  const prepared = await project.sandbox.prepare(spec);
  const args = await readFile(prepared.env.AEGIS_SANDBOX_ARGS ?? "", "utf8");
  expect(args).toContain(`--chdir\0${path.join(project.dir, "src/a/deep")}\0`);
  await prepared.settle();
});

test("a link that a Worker left in its tree leads no mount point out of it", async () => {
  await project.write({ "src/a/gen/.gitignore": "*\n", "src/a/gen/x": "x\n" });
  const outside = path.join(project.beside, "target");
  await mkdir(outside);
  await rm(path.join(dir, "src/a/gen"), { recursive: true, force: true });
  await symlink(outside, path.join(dir, "src/a/gen"));
  await inTree("true");
  expect(existsSync(path.join(outside, "x"))).toBe(false);
});

test("the others' trees are hidden from QA and from the Commander: a test runner does not run their files", async () => {
  await writeFile(path.join(other, "src/a/only-here.test.ts"), "x\n");
  for (const role of ["qa", "commander"] as const) {
    const run = await project.sandbox.run(
      project.spec(["**"], role),
      "find . -name 'only-here*'; ls .aegis; echo x > .aegis/worktrees/x",
      {
        cwd: project.dir,
        timeoutMs: 30_000,
      },
    );
    expect(run.output).not.toContain("only-here");
    expect(run.output).toContain("worktrees");
    expect(run.output).toContain("Read-only file system");
  }
});
