import { chmod, link, mkdtemp, readdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createGit } from "../../../src/adapters/git/gitRepository.ts";
import { makeRepository, openRepository, type Repository } from "./repository.fixture.ts";

let repository: Repository;
beforeEach(async () => {
  repository = await makeRepository();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await repository.remove();
});

const status = (): Promise<string> => repository.git("status", "--porcelain");
const author = async (): Promise<string> => (await repository.git("log", "-1", "--format=%an <%ae> %cn <%ce>")).trim();

/** A HEAD with five files, then: two of ours changed, the person's one dirty, one staged and dirty again, one new and staged. */
async function sharedTree(): Promise<void> {
  for (const name of ["ours", "ours-too", "dirty", "staged", "removed"]) await repository.write(name, "1\n");
  await repository.git("add", "-A");
  await repository.git("commit", "-qm", "first");
  await repository.write("ours", "2\n");
  await repository.write("ours-new", "2\n");
  await rm(join(repository.dir, "removed"));
  await repository.write("dirty", "person\n");
  await repository.write("staged", "person staged\n");
  await repository.write("person-new", "person\n");
  await repository.git("add", "staged", "person-new");
  await repository.write("staged", "person again\n");
}

test("the commit is the tree that was asked for; the person's staged and dirty files stay so", async () => {
  await sharedTree();
  const git = createGit(repository.dir);
  const head = await git.head();
  const tree = await git.composeTree(await git.treeOf(head), await git.snapshot(), ["ours", "ours-new", "removed"]);
  const { commit } = await git.commit({ message: "feat: ours\n\nBody 본문\n", tree, expectedHead: head });
  expect(await git.head()).toBe(commit);
  expect((await repository.git("rev-parse", "main", "main^{tree}", "main^")).trim().split("\n")).toEqual([
    commit,
    tree,
    head,
  ]);
  expect(await repository.git("log", "-1", "--format=%B")).toBe("feat: ours\n\nBody 본문\n\n");
  expect(await status()).toBe(" M dirty\nA  person-new\nMM staged\n");
  expect(await repository.git("show", ":staged")).toBe("person staged\n");
});

test("a committed path that the person had staged otherwise keeps their staged version", async () => {
  await sharedTree();
  const git = createGit(repository.dir);
  const head = await git.head();
  const tree = await git.composeTree(await git.treeOf(head), await git.snapshot(), ["staged"]);
  await git.commit({ message: "x", tree, expectedHead: head });
  expect(await repository.git("show", "HEAD:staged")).toBe("person again\n");
  expect(await repository.git("show", ":staged")).toBe("person staged\n");
});

test("the first commit of an unborn branch", async () => {
  const git = createGit(repository.dir);
  await repository.write("a", "1");
  await git.commit({ message: "first", tree: await git.snapshot(), expectedHead: "" });
  expect(await status()).toBe("");
  expect((await repository.git("rev-list", "--count", "main")).trim()).toBe("1");
});

test("a detached HEAD moves and no branch does", async () => {
  const git = createGit(repository.dir);
  await repository.write("a", "1");
  await git.commit({ message: "first", tree: await git.snapshot(), expectedHead: "" });
  const first = await git.head();
  await repository.git("checkout", "-q", "--detach");
  await repository.write("a", "2");
  const { commit } = await git.commit({ message: "second", tree: await git.snapshot(), expectedHead: first });
  expect((await repository.git("rev-parse", "HEAD", "main")).trim().split("\n")).toEqual([commit, first]);
  expect(await status()).toBe("");
});

test("a linked worktree commits on its own branch with its own index", async () => {
  await repository.write("a", "1");
  await repository.git("add", "-A");
  await repository.git("commit", "-qm", "first");
  const place = await realpath(await mkdtemp(join(tmpdir(), "git-linked-")));
  try {
    await repository.git("worktree", "add", "-q", "-b", "side", place);
    const linked = openRepository(place);
    await linked.write("sub/b", "2");
    const git = createGit(join(place, "sub"));
    expect(await git.root()).toBe(place);
    await git.commit({ message: "side", tree: await git.snapshot(), expectedHead: await git.head() });
    expect(await linked.git("status", "--porcelain")).toBe("");
    expect(await status()).toBe("");
    expect((await repository.git("log", "--format=%s", "side")).trim()).toBe("side\nfirst");
    expect(await git.protectedDirs()).toEqual(
      expect.arrayContaining([
        join(repository.dir, ".git"),
        join(repository.dir, ".git/worktrees", place.split("/").at(-1) ?? ""),
      ]),
    );
  } finally {
    await rm(place, { recursive: true, force: true });
  }
});

test("HEAD moved meanwhile: nothing is committed, and the person is told", async () => {
  await sharedTree();
  const git = createGit(repository.dir);
  const head = await git.head();
  const tree = await git.snapshot();
  await repository.git("commit", "-qm", "person");
  const [before, theirs] = [await status(), await git.head()];
  await expect(git.commit({ message: "x", tree, expectedHead: head })).rejects.toThrow(/HEAD moved[\s\S]*Run QA/);
  expect([await status(), await git.head()]).toEqual([before, theirs]);
});

test("an index lock that stays is named, and neither branch nor lock is touched", async () => {
  await sharedTree();
  const git = createGit(repository.dir);
  const head = await git.head();
  const lock = join(repository.dir, ".git/index.lock");
  await writeFile(lock, "");
  await expect(git.commit({ message: "x", tree: await git.snapshot(), expectedHead: head })).rejects.toThrow(
    /holds the index/,
  );
  expect(await git.head()).toBe(head);
  expect((await stat(lock)).isFile()).toBe(true);
});

test("an empty message is refused", async () => {
  const git = createGit(repository.dir);
  await expect(git.commit({ message: " \n", tree: await git.snapshot(), expectedHead: "" })).rejects.toThrow(
    /needs a message/,
  );
});

test("no identity and no home: aegis commits; with an identity the person does", async () => {
  const nobody = await makeRepository(false);
  try {
    vi.stubEnv("HOME", "/does/not/exist");
    vi.stubEnv("XDG_CONFIG_HOME", undefined);
    vi.stubEnv("EMAIL", undefined);
    await nobody.write("a", "1");
    const git = createGit(nobody.dir);
    await git.commit({ message: "x", tree: await git.snapshot(), expectedHead: "" });
    const who = await nobody.git("log", "-1", "--format=%an <%ae> %cn <%ce>");
    expect(who.trim()).toBe("aegis <aegis@localhost> aegis <aegis@localhost>");
    await repository.write("a", "1");
    const theirs = createGit(repository.dir);
    await theirs.commit({ message: "x", tree: await theirs.snapshot(), expectedHead: "" });
    expect(await author()).toBe("Kim <kim@example.org> Kim <kim@example.org>");
  } finally {
    await nobody.remove();
  }
});

test("a person who signs gets signed commits, and a signature that fails commits nothing", async () => {
  const gpg = join(repository.dir, ".git/fake-gpg");
  await writeFile(
    gpg,
    "#!/bin/sh\ncat >/dev/null\necho '[GNUPG:] SIG_CREATED x' >&2\necho '-----BEGIN PGP SIGNATURE-----'\n",
  );
  await chmod(gpg, 0o755);
  await repository.git("config", "commit.gpgSign", "true");
  await repository.git("config", "gpg.program", gpg);
  await repository.write("a", "1");
  const git = createGit(repository.dir);
  const { commit } = await git.commit({ message: "signed", tree: await git.snapshot(), expectedHead: "" });
  expect(await repository.git("cat-file", "commit", commit)).toContain("gpgsig -----BEGIN PGP SIGNATURE-----");
  await writeFile(gpg, "#!/bin/sh\necho no secret key >&2\nexit 2\n");
  await repository.write("a", "2");
  await expect(git.commit({ message: "x", tree: await git.snapshot(), expectedHead: commit })).rejects.toThrow(
    /no secret key|failed to sign/,
  );
  expect(await git.head()).toBe(commit);
});

test("no hook of the project runs from the adapter: they belong into the sandbox", async () => {
  const ran = join(repository.dir, ".git/ran");
  for (const name of ["pre-commit", "commit-msg", "post-commit", "reference-transaction", "post-index-change"]) {
    await writeFile(join(repository.dir, ".git/hooks", name), `#!/bin/sh\necho ${name} >> '${ran}'\n`);
    await chmod(join(repository.dir, ".git/hooks", name), 0o755);
  }
  await repository.write("a", "1");
  const git = createGit(repository.dir);
  await git.commit({ message: "x", tree: await git.snapshot(), expectedHead: "" });
  await git.recordRef("refs/aegis/s1/baseline", await git.snapshot(), "baseline");
  await expect(stat(ran)).rejects.toThrow(/ENOENT/);
});

test("variables of a calling git do not lead astray", async () => {
  vi.stubEnv("GIT_DIR", "/nowhere");
  vi.stubEnv("GIT_INDEX_FILE", "/nowhere/index");
  vi.stubEnv("EDITOR", "vi");
  vi.stubEnv("GIT_CONFIG_COUNT", "1");
  const git = createGit(repository.dir);
  expect(await git.root()).toBe(repository.dir);
  vi.unstubAllEnvs();
});

test("recording a baseline moves neither branch, index nor files", async () => {
  await sharedTree();
  const git = createGit(repository.dir);
  const [before, head, tree] = [await status(), await git.head(), await git.snapshot()];
  const commit = await git.recordRef("refs/aegis/s1/baseline", tree, "Baseline of s1");
  expect((await repository.git("rev-parse", "refs/aegis/s1/baseline^{tree}", "refs/aegis/s1/baseline^")).trim()).toBe(
    `${tree}\n${head}`,
  );
  expect(await git.treeOf(commit)).toBe(tree);
  expect([await status(), await git.head()]).toEqual([before, head]);
});

test.each(["before the branch moved", "after it"])(
  "a commit that died %s is ended, and the index is right",
  async (when) => {
    await sharedTree();
    const git = createGit(repository.dir);
    const head = await git.head();
    const tree = await git.composeTree(await git.treeOf(head), await git.snapshot(), ["ours", "ours-new", "removed"]);
    const before = await status();
    const index = join(repository.dir, ".git/index");
    const old = await readFile(index);
    const { commit } = await git.commit({ message: "x", tree, expectedHead: head });
    const right = await status();
    // As the process left it: the lock with the index made ready, under its two names, and the old index in its place.
    await rename(index, `${index}.aegis-${commit}`);
    await link(`${index}.aegis-${commit}`, `${index}.lock`);
    await writeFile(index, old);
    if (when === "before the branch moved") await repository.git("update-ref", "HEAD", head);
    await git.endInterruptedCommit();
    expect((await readdir(join(repository.dir, ".git"))).filter((name) => name.startsWith("index"))).toEqual(["index"]);
    expect(await status()).toBe(when === "before the branch moved" ? before : right);
  },
);

test("a lock of another git's stays, whatever a dead process of ours left", async () => {
  await sharedTree();
  const git = createGit(repository.dir);
  const index = join(repository.dir, ".git/index");
  await writeFile(`${index}.aegis-${await git.head()}`, "ours");
  await writeFile(`${index}.lock`, "another's");
  await git.endInterruptedCommit();
  expect(await readFile(`${index}.lock`, "utf8")).toBe("another's");
  expect((await readdir(join(repository.dir, ".git"))).filter((name) => name.includes("aegis"))).toEqual([]);
});
