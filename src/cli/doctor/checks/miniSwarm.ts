import { dirname, join } from "node:path";
import { execa } from "execa";
import { packageRoot } from "../../packageRoot.ts";
import { type Check, fail, ok } from "../check.ts";

const limitMs = 480_000;
const workers = 2;

/**
 * The whole way on this machine with this OpenCode, git and sandbox: the demo with two Workers. Its model is scripted, so
 * a failure here is never the model's.
 */
export const checkMiniSwarm: Check = {
  name: "mini-swarm",
  group: "deep",
  deep: true,
  needs: ["opencode", "git", "sandbox"],
  limitMs,
  run: async ({ io, say, facts }, signal) => {
    const found = await facts.opencode();
    const beside = "program" in found ? dirname(found.program) : "";
    const run = await execa(
      process.execPath,
      [join(packageRoot().dir, "bin", "oh-my-qwencoder.js"), "demo", "--workers", String(workers), "--json"],
      {
        cwd: io.cwd,
        env: { ...io.env, PATH: [beside, io.env.PATH].filter(Boolean).join(":") },
        extendEnv: false,
        reject: false,
        timeout: limitMs,
        cancelSignal: signal,
        forceKillAfterDelay: 10_000,
        stdin: "ignore",
      },
    );
    signal.throwIfAborted();
    if (run.exitCode === 0)
      return ok(say("doctor.seen.miniSwarm", { workers, seconds: Math.round(run.durationMs / 1000) }));
    const reason =
      run.stderr
        .trim()
        .split("\n")
        .findLast((line) => /error|오류/.test(line)) ?? run.stderr.trim().split("\n").at(-1);
    return fail(reason || run.shortMessage || "?", say("doctor.mend.miniSwarm"));
  },
};
