import { existsSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { BubblewrapSandbox } from "../../../adapters/sandbox/bubblewrap.ts";
import { SeatbeltSandbox } from "../../../adapters/sandbox/seatbelt.ts";
import type { Sandbox } from "../../../ports/sandbox.ts";
import { packageRoot } from "../../packageRoot.ts";
import { type Check, fail, ok, warn } from "../check.ts";
import { findProgram } from "../facts/opencodeProgram.ts";

const limitMs = 60_000;

/** What a Worker's shell call could do in a project made for this. */
interface Confined {
  /** Things that were possible and must not be. */
  leaks: string[];
  /** Why the call could not do what it must be able to. */
  unable: string | undefined;
}

/**
 * Runs a Worker's shell call in a project and a home of its own: it must be able to write in its scope, and nothing of
 * the rest. Each line of the trial prints a word where something was possible that must not be.
 */
async function confine(sandbox: Sandbox, dir: string, signal: AbortSignal): Promise<Confined> {
  const project = join(dir, "project");
  const secret = join(dir, "home", ".ssh", "id_test");
  const server = createServer();
  try {
    await mkdir(join(project, "inside"), { recursive: true });
    await mkdir(join(project, "outside"), { recursive: true });
    await mkdir(join(dir, "home", ".ssh"), { recursive: true });
    await writeFile(secret, "secret");
    await execa("git", ["init", "-q", project]);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const trial = [
      "echo w > inside/new",
      "(echo w > outside/new) 2>/dev/null && echo LEAK scope",
      "(echo w > .git/hooks/pre-commit) 2>/dev/null && echo LEAK git",
      "(echo w > /etc/.aegis-doctor) 2>/dev/null && echo LEAK root",
      `[ -s '${secret}' ] && echo LEAK secrets`,
      `(exec 3<>/dev/tcp/127.0.0.1/${port}) 2>/dev/null && echo LEAK network`,
      "true",
    ].join("\n");
    const spec = { role: "worker", projectDir: project, scope: ["inside/**"], privateId: "doctor" } as const;
    const run = await sandbox.run(spec, trial, { cwd: project, timeoutMs: limitMs, signal });
    const leaks = [...run.output.matchAll(/^LEAK (\w+)$/gm)].map(([, word = ""]) => word);
    // What the call was told is one half, what is on disk afterwards the other.
    if (existsSync(join(project, "outside", "new")) && !leaks.includes("scope")) leaks.push("scope");
    const worked = run.exitCode === 0 && existsSync(join(project, "inside", "new"));
    return { leaks, unable: worked ? undefined : run.output.trim().split("\n")[0] || `exit ${run.exitCode ?? "?"}` };
  } finally {
    server.close();
  }
}

export const checkSandbox: Check = {
  name: "sandbox",
  group: "machine",
  limitMs: 2 * limitMs,
  run: async ({ say, facts, io }, signal) => {
    const read = await facts.config();
    if (read.ok && read.config.swarm.sandbox === "off")
      return warn(say("doctor.seen.sandbox.off"), say("doctor.mend.sandbox.off"));
    const dir = await realpath(await mkdtemp(join(tmpdir(), "aegis-doctor-")));
    const wrapper = join(packageRoot().dir, "scripts", "aegis-shell", "bash");
    const bwrap = findProgram("bwrap", (io.env.PATH ?? "").split(delimiter)) ?? "bwrap";
    const own = { wrapper, home: join(dir, "home"), environment: io.env };
    const sandbox = process.platform === "darwin" ? new SeatbeltSandbox(own) : new BubblewrapSandbox({ ...own, bwrap });
    try {
      const probe = await sandbox.probe();
      if (!probe.usable)
        return fail(
          say("doctor.seen.sandbox.none", { reason: probe.reason }),
          say("doctor.mend.sandbox", { mend: probe.mend }),
        );
      const { leaks, unable } = await confine(sandbox, dir, signal);
      const mend = say("doctor.mend.sandbox.leaks");
      if (leaks.length > 0) return fail(say("doctor.seen.sandbox.leaks", { leaks: leaks.join(", ") }), mend, { leaks });
      if (unable !== undefined) return fail(say("doctor.seen.sandbox.unable", { reason: unable }), mend);
      return ok(say("doctor.seen.sandbox", { version: probe.version }));
    } finally {
      await sandbox.dispose();
      await rm(dir, { recursive: true, force: true });
    }
  },
};
