import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { FileEventLogs } from "../../../adapters/log/fileEventLogs.ts";
import { FileLease } from "../../../adapters/log/fileLease.ts";
import { fold } from "../../../core/workflow/evolve.ts";
import { CorruptLogError } from "../../../ports/eventLogs.ts";
import { hasCode } from "../../../ports/thrown.ts";
import { type Check, fail, ok, skip, warn } from "../check.ts";

/** The newest swarm's log can be read, and an open swarm is driven by somebody. */
export const checkSwarmLog: Check = {
  name: "swarm-log",
  group: "swarm",
  needs: ["state-project"],
  run: async ({ facts, say }) => {
    const root = await facts.projectDir();
    if (root === undefined) return skip(say("doctor.seen.noProject"));
    const stateDir = join(root, ".aegis");
    const logs = new FileEventLogs(stateDir);
    const id = (await logs.list()).at(-1);
    if (id === undefined) return ok(say("doctor.seen.swarmLog.none"));
    try {
      const swarm = fold(await logs.read(id));
      if (!swarm || swarm.phase === "done" || swarm.phase === "aborted")
        return ok(say("doctor.seen.swarmLog.over", { id, phase: swarm?.phase ?? "—" }));
      const holder = await new FileLease(stateDir).holder();
      return holder
        ? ok(say("doctor.seen.swarmLog.driven", { id, phase: swarm.phase, pid: holder.pid }))
        : warn(say("doctor.seen.swarmLog.alone", { id, phase: swarm.phase }), say("doctor.mend.swarmLog.alone"));
    } catch (error) {
      if (error instanceof CorruptLogError) return fail(error.message, say("doctor.mend.swarmLog"));
      throw error;
    }
  },
};

/** Who drives this project's swarms; a holder that is dead is replaced by the next OpenCode without a word. */
export const checkLease: Check = {
  name: "lease",
  group: "swarm",
  needs: ["state-project"],
  run: async ({ facts, say }) => {
    const root = await facts.projectDir();
    if (root === undefined) return skip(say("doctor.seen.noProject"));
    const file = join(root, ".aegis", "lease.json");
    const text = await readFile(file, "utf8").catch((error: unknown) => {
      if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
      throw error;
    });
    if (text === undefined) return ok(say("doctor.seen.lease.free"));
    const holder = await new FileLease(join(root, ".aegis")).holder();
    return holder
      ? ok(say("doctor.seen.lease.held", { pid: holder.pid, since: holder.since }))
      : warn(say("doctor.seen.lease.dead", { file }), say("doctor.mend.lease", { file }));
  },
};

/** Files that were laid into the inbox and were no messages of ours. */
export const checkInbox: Check = {
  name: "inbox",
  group: "swarm",
  needs: ["state-project"],
  run: async ({ facts, say }) => {
    const root = await facts.projectDir();
    if (root === undefined) return skip(say("doctor.seen.noProject"));
    const dir = join(root, ".aegis", "inbox");
    const names = await readdir(dir).catch((error: unknown) => {
      if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
      throw error;
    });
    const rejected = names.filter((name) => name.endsWith(".rejected"));
    return rejected.length === 0
      ? ok(say("doctor.seen.inbox"))
      : warn(say("doctor.seen.inbox.rejected", { count: rejected.length, dir }), say("doctor.mend.inbox", { dir }));
  },
};
