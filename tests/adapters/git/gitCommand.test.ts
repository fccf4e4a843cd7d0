import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createGitRunner, GitError } from "../../../src/adapters/git/gitCommand.ts";
import { makeRepository, type Repository } from "./repository.fixture.ts";

let repository: Repository;
beforeEach(async () => {
  repository = await makeRepository();
});
afterEach(() => repository.remove());

const run: ReturnType<typeof createGitRunner> = (args, options) => createGitRunner(repository.dir)(args, options);
const failure = (args: string[], options?: Parameters<typeof run>[1]) =>
  run(args, options).then(
    () => undefined,
    (error: unknown) => error,
  );

test("gives what git wrote, and what it read, in any alphabet and any length", async () => {
  const name = `${"가나다라마바사".repeat(20)}.txt`;
  const many = Array.from({ length: 2_000 }, (_, index) => `${index}/${name}`);
  const stdin = many.map((each) => `${each}\0`).join("");
  await repository.write(".gitignore", "*.txt\n");
  const { stdout } = await run(["check-ignore", "-z", "--stdin"], { stdin });
  expect(stdout === stdin).toBe(true);
});

test("an exit code is an answer where it is accepted, else a failure in git's words", async () => {
  expect(await run(["config", "--get", "nothing.there"], { accept: [1] })).toEqual({ stdout: "", exitCode: 1 });
  const silent = await failure(["config", "--get", "nothing.there"]);
  expect(silent).toBeInstanceOf(GitError);
  expect(silent).toMatchObject({ exitCode: 1, detail: "It gave no message." });
  expect(await failure(["cat-file", "-p", "nothing"])).toMatchObject({
    exitCode: 128,
    message: expect.stringMatching(/git cat-file failed in .*\n.*Not a valid object name nothing/u),
  });
});

test("a directory that is not there is a failure with its name, and git that reads nothing is none", async () => {
  const gone = join(repository.dir, "gone");
  await expect(createGitRunner(gone)(["status"])).rejects.toThrow(`git status failed in ${gone}.`);
  expect((await run(["rev-parse", "--is-inside-work-tree"], { stdin: "x".repeat(1_000_000) })).stdout).toBe("true\n");
});

test("git that says nothing for too long is ended, and whom it asked is not waited for", async () => {
  const asks = { config: ["alias.ask=!sleep 30"], silentMs: 200 };
  const error = await failure(["ask"], asks);
  expect(error).toMatchObject({ message: expect.stringContaining("git ask said nothing for 0.2 s") });
  // Git itself has ended here; what it started still holds its output.
  const leaves = { config: ["alias.ask=!sleep 30 & echo said"], silentMs: 500 };
  expect(await run(["ask"], leaves)).toEqual({ stdout: "said\n", exitCode: 0 });
});

test("a pipe in the place of a .gitignore ends as a failure that says so", async () => {
  await execa("mkfifo", [join(repository.dir, ".gitignore")]);
  const error = await failure(["ls-files", "--others", "--exclude-standard"], { silentMs: 500 });
  expect(error).toMatchObject({ next: expect.stringContaining("a .gitignore or .gitattributes that is a pipe") });
});

test("an environment that a calling git left behind aims at nothing", async () => {
  const elsewhere = { ...process.env, GIT_DIR: "/nowhere", GIT_INDEX_FILE: "/nowhere/index" };
  const { stdout } = await createGitRunner(repository.dir, elsewhere)(["rev-parse", "--absolute-git-dir"]);
  expect(stdout.trim().endsWith("/.git")).toBe(true);
});
