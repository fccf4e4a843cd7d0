import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** A git project of a test's own, and an environment with a home that nobody else has. */
export interface Place {
  project: string;
  env: Record<string, string>;
  stateHome: string;
}

export function makePlace(): Place {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "omq-context-")));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const project = join(dir, "project");
  mkdirSync(project);
  const home = join(dir, "home");
  const env = { PATH: process.env.PATH ?? "", HOME: home, XDG_CONFIG_HOME: "", XDG_STATE_HOME: "" };
  return { project, env, stateHome: join(home, ".local/state/oh-my-qwencoder") };
}

export function git(project: string, ...args: string[]): void {
  const who = ["-c", "user.name=Person", "-c", "user.email=person@localhost", "-c", "init.defaultBranch=main"];
  execFileSync("git", [...who, ...args], { cwd: project, stdio: "ignore" });
}

/** @param age seconds since it was changed */
export function file(project: string, path: string, text = "x", age = 0): void {
  const full = join(project, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  const at = Date.now() / 1000 - age;
  utimesSync(full, at, at);
}
