import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { chatTokens } from "./jobTokens.ts";
import { finish, machine, progress, readArguments } from "./report.ts";
import { median, round } from "./statistics.ts";

const GOAL_MS = 1_000;
/** Of the chat's tokens, how many a job leaves: the older tools claim 50,000 against 2,500. */
const GOAL_SHARE = 0.05;
/** What each job takes at least (ms): long after the command came back. */
const WORK_MS = 600_000;

const started = z.object({ task_id: z.string() });

/**
 * `job start` from the shell while its jobs take minutes: how long a person, or a chat, waits for the task id. The work is a
 * program that sleeps; the runner, the store and the command line are the real ones. And what long work costs a chat that
 * does it itself, against one that starts a job.
 */
export async function bench(args: readonly string[]): Promise<void> {
  const { json, count } = readArguments(args, { name: "runs", fallback: 15 });
  const dir = mkdtempSync(join(tmpdir(), "omq-bench-jobs-"));
  const bin = join(process.cwd(), "bin/oh-my-qwencoder.js");
  const cwd = join(dir, "project");
  for (const each of ["bin", "project", "home"]) mkdirSync(join(dir, each));
  const opencode = join(dir, "bin", "opencode");
  writeFileSync(opencode, `#!/bin/sh\nexec sleep ${WORK_MS / 1_000}\n`);
  chmodSync(opencode, 0o755);
  const env = { PATH: `${join(dir, "bin")}:${process.env.PATH}`, HOME: join(dir, "home") };
  const run = (...argv: string[]) => execa(process.execPath, [bin, "job", ...argv], { cwd, env, extendEnv: false });
  const ids: string[] = [];
  try {
    await execa("git", ["init", "-q"], { cwd });
    const times: number[] = [];
    for (let at = 0; at <= count; at += 1) {
      const begin = performance.now();
      const { stdout } = await run("start", "--json", "Add docstrings to all files of the project");
      // The first one starts a runner and fills the caches of the file system.
      if (at > 0) times.push(performance.now() - begin);
      ids.push(started.parse(JSON.parse(stdout)).task_id);
    }
    const startMs = Math.round(median(times));
    const slowestMs = Math.round(Math.max(...times));
    progress(`job start ${startMs} ms, at most ${slowestMs} ms`);
    const chats = await chatTokens();
    const share = round(chats.starting.promptTokens / chats.doing.promptTokens);
    const result = {
      bench: "jobs",
      machine: machine("-"),
      runs: count,
      startMs,
      slowestMs,
      goalMs: GOAL_MS,
      workSeconds: round(WORK_MS / 1_000),
      chats,
      share,
      goalShare: GOAL_SHARE,
    };
    const chat = ({ requests, promptTokens }: (typeof chats)["doing"]) =>
      `${promptTokens} tokens in ${requests} requests`;
    const lines = [
      `job start: median ${startMs} ms of ${count}, at most ${slowestMs} ms (goal ${GOAL_MS})`,
      `a chat that does the work itself: ${chat(chats.doing)}`,
      `a chat that starts a job: ${chat(chats.starting)}, ${share} of it (goal ${GOAL_SHARE})`,
    ];
    finish({ ...result, met: slowestMs <= GOAL_MS && share <= GOAL_SHARE }, lines, json);
  } finally {
    await run("cancel", ...ids);
    // The runners end when their jobs have; one that could not be cancelled any more is no reason to wait.
    await run("wait", ...ids, "--timeout", "60").catch(() => undefined);
    rmSync(dir, { recursive: true, force: true });
  }
}
