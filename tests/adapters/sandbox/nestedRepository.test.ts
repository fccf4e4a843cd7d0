import { existsSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createGit } from "../../../src/adapters/git/gitRepository.ts";
import { TestProject } from "./project.ts";

let project: TestProject;
beforeEach(async () => {
  project = await TestProject.create();
});
afterEach(() => project.remove());

/** Runs one command as a Worker's bash call does; gives what was taken back from it. */
async function shell(scope: readonly string[], command: string): Promise<{ output: string; taken: readonly string[] }> {
  const run = await project.sandbox.run(project.spec(scope), command, { cwd: project.dir, timeoutMs: 30_000 });
  const taken = /removed what was written outside the scope: (.*)\n/u.exec(run.output)?.[1]?.split(", ") ?? [];
  return { output: run.output, taken };
}

for (const [what, scope, command] of [
  ["made by git", ["src/a/**"], "git init -q src/a && touch src/a/new.ts"],
  ["deeper, by hand", ["src/a/**"], "mkdir -p src/a/b/c/.git && touch src/a/new.ts"],
  ["a file that names another directory", ["src/a/**"], "echo 'gitdir: /tmp/x' > src/a/.git; touch src/a/new.ts"],
  [
    "in a directory that is new and half of another scope's pattern",
    ["src/a/**", "docs/part*.md"],
    "git init -q src/a/x; touch src/a/new.ts",
  ],
  ["in a directory made below a mixed one", ["src/*/**"], "mkdir -p src/c && git init -q src/c && touch src/a/new.ts"],
] as const) {
  test(`a repository in the scope is taken back and reported: ${what}`, async () => {
    const { taken } = await shell(scope, command);
    expect(taken.length).toBeGreaterThan(0);
    expect(taken.filter((name) => !/\/\.git(?:\/|$)/u.test(name))).toEqual([]);
    expect(existsSync(path.join(project.dir, taken[0] ?? ""))).toBe(false);
    // What git would have refused with the repository there: everybody's snapshot.
    const git = createGit(project.dir);
    expect(await git.paths(await git.snapshot())).toContain("src/a/new.ts");
  });
}

test("configuration of the host made in the scope is taken back too", async () => {
  const { taken } = await shell(
    ["src/a/**"],
    "echo '{}' > src/a/opencode.json; mkdir src/a/.opencode; touch src/a/fine.ts",
  );
  expect(taken).toEqual(["src/a/.opencode", "src/a/opencode.json"]);
  expect(await project.read("src/a/fine.ts")).toBe("");
});

test("a repository that stood in the scope before the call stays, read-only", async () => {
  await project.write({ "src/a/lib/.git/HEAD": "ref: refs/heads/main\n" });
  const { output, taken } = await shell(
    ["src/a/**"],
    "echo x > src/a/lib/.git/HEAD; rm -rf src/a/lib/.git; echo x > src/a/lib/f",
  );
  expect(output).toContain("Read-only file system");
  expect(taken).toEqual([]);
  expect(await project.read("src/a/lib/.git/HEAD")).toBe("ref: refs/heads/main\n");
  expect(await project.read("src/a/lib/f")).toBe("x\n");
});
