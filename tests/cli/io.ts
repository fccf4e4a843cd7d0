import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { onTestFinished } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import type { Io } from "../../src/cli/io.ts";
import { runCli } from "../../src/cli/program.ts";

/** A directory of the test's own with a project (a git repository) and a home that does not exist yet. */
export interface World {
  dir: string;
  project: string;
  home: string;
  env: Record<string, string>;
}

export function makeWorld(): World {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "omq-cli-")));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const project = join(dir, "project");
  mkdirSync(project);
  execFileSync("git", ["init", "-q", project]);
  const home = join(dir, "home");
  return {
    dir,
    project,
    home,
    env: { PATH: process.env.PATH ?? "", HOME: home, XDG_CONFIG_HOME: "", XDG_STATE_HOME: "", LANG: "C" },
  };
}

export function put(path: string, content: string | Buffer): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** Every file below `dir` but git's own, with its bytes. */
export function tree(dir: string): Record<string, string> {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !relative(dir, path).split("/").includes(".git"))
      .sort()
      .map((path) => [relative(dir, path), readFileSync(path, "latin1")]),
  );
}

/** An Io that records what is written. */
export function recordIo(more: Partial<Io> = {}): { io: Io; out: () => string; err: () => string } {
  let out = "";
  let err = "";
  const io: Io = {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    env: {},
    cwd: "/",
    isTTY: false,
    lang: "en",
    colour: false,
    readStdin: () => Promise.resolve(""),
    ask: () => Promise.resolve(undefined),
    signal: new AbortController().signal,
    ...more,
  };
  return { io, out: () => out, err: () => err };
}

/** Runs a command line in this process. */
export async function cli(
  argv: readonly string[],
  more: Partial<Io> = {},
): Promise<{ code: number; out: string; err: string }> {
  const { io, out, err } = recordIo(more);
  const code = await runCli(argv, io, commands, "0.0.0-test");
  return { code, out: out(), err: err() };
}
