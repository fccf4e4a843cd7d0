import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readAegisEnv } from "../../../../vllm/server/aegisEnv.ts";
import { readRecord, recordFile, runs, serverDir } from "../../../../vllm/server/serverRecord.ts";
import { BadValue } from "../../../../vllm/server/words.ts";
import { hasCode } from "../../../ports/thrown.ts";
import { CliFailure } from "../../failure.ts";
import type { Io } from "../../io.ts";
import { serveCommand, wordNotice } from "../../serving/serveCommand.ts";
import { vllmStateDir } from "../../serving/stateDir.ts";
import { type Check, fail, ok, skip, warn } from "../check.ts";

/** `vllm/aegis.env`, which `tune` writes and a person may have touched. */
export const checkAegisEnv: Check = {
  name: "aegis-env",
  group: "server",
  run: async ({ io, say, facts }) => {
    const path = join((await facts.projectDir()) ?? io.cwd, "vllm", "aegis.env");
    try {
      const { values, notices } = readAegisEnv(await readFile(path, "utf8"), path);
      if (notices.length > 0)
        return warn(notices.map((one) => wordNotice(io, one)).join("; "), say("doctor.mend.aegisEnv"));
      return ok(say("doctor.seen.aegisEnv", { path, names: Object.keys(values).join(", ") || "—" }));
    } catch (error) {
      if (hasCode(error, "ENOENT", "ENOTDIR")) return ok(say("doctor.seen.aegisEnv.none"));
      if (error instanceof BadValue) return fail(error.message, say("doctor.mend.aegisEnv"));
      throw error;
    }
  },
};

/** Recipe of the one server that runs by `start-vllm`; undefined where none does, or several. */
async function runningRecipe(io: Io): Promise<string | undefined> {
  const stateDir = vllmStateDir(io);
  const records = await Promise.all((await recordedPorts(io)).map((port) => readRecord(stateDir, port)));
  const alive = await Promise.all(records.map(async (record) => (record && (await runs(record)) ? [record] : [])));
  const [only, ...more] = alive.flat();
  return more.length === 0 ? only?.recipe : undefined;
}

/** Ports of servers that `start-vllm` began, in order. */
async function recordedPorts(io: Io): Promise<number[]> {
  const names = await readdir(serverDir(vllmStateDir(io))).catch((error: unknown) => {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  });
  const ports = names.flatMap((name) => (/^\d+\.json$/.test(name) ? [Number.parseInt(name, 10)] : []));
  return ports.sort((a, b) => a - b);
}

/** The command `start-vllm` would run here, where a vLLM is installed: values that are wrong, flags it does not know. */
export const checkVllmFlags: Check = {
  name: "vllm-flags",
  group: "server",
  needs: ["config", "aegis-env"],
  run: async ({ io, say }) => {
    const mend = say("doctor.mend.vllmFlags");
    try {
      const command = await serveCommand(io, await runningRecipe(io), []);
      if (!command.found) return skip(say("doctor.seen.vllmFlags.none"));
      const lost = command.notices.filter(({ code }) => /^flag|^speculative$/.test(code));
      if (lost.length > 0) return warn(lost.map((one) => wordNotice(io, one)).join("; "), mend);
      return ok(`vLLM ${command.found.version ?? "?"}`);
    } catch (error) {
      if (error instanceof CliFailure) return fail(error.message, error.next ?? mend);
      throw error;
    }
  },
};

/** Records of servers that `start-vllm` began. Looking at them changes none. */
export const checkServerRecord: Check = {
  name: "server-record",
  group: "server",
  run: async ({ io, say }) => {
    const stateDir = vllmStateDir(io);
    const running: number[] = [];
    for (const port of await recordedPorts(io)) {
      const record = await readRecord(stateDir, port);
      const file = recordFile(stateDir, port);
      if (!record)
        return warn(say("doctor.seen.serverRecord.damaged", { file }), say("doctor.mend.serverRecord", { port }));
      if (await runs(record)) running.push(port);
      else
        return warn(
          say("doctor.seen.serverRecord.stale", { port, log: record.log }),
          say("doctor.mend.serverRecord", { port }),
        );
    }
    return running.length === 0
      ? skip(say("doctor.seen.serverRecord.none"))
      : ok(say("doctor.seen.serverRecord", { ports: running.join(", ") }));
  },
};
