import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";

/** A real repository in a temporary directory. Calls git directly, so that tests do not check the adapter with itself. */
export interface Repository {
  dir: string;
  git(...args: string[]): Promise<string>;
  write(path: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

/** @param person whether git knows a name and an address here. */
export async function makeRepository(person = true): Promise<Repository> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "git-test-")));
  const repository = openRepository(dir);
  await repository.git("init", "-q", "-b", "main");
  if (person) {
    await repository.git("config", "user.name", "Kim");
    await repository.git("config", "user.email", "kim@example.org");
  }
  return repository;
}

export function openRepository(dir: string): Repository {
  return {
    dir,
    git: async (...args) => (await execa("git", args, { cwd: dir, stripFinalNewline: false })).stdout,
    write: async (path, text) => {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await writeFile(join(dir, path), text);
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
