import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { execa } from "execa";
import { gpuMemory } from "../../../../vllm/server/machine.ts";
import { isLoopback } from "../../../../vllm/server/settings.ts";
import { hasCode } from "../../../ports/thrown.ts";
import { homeOf } from "../../config/load.ts";
import { type Check, fail, ok, skip, warn } from "../check.ts";

/** Oldest Node the command line runs on (package.json `engines`). */
const oldestNode = [20, 19] as const;

export const nodeIsNewEnough = (version: string): boolean => {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  return major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
};

export const checkNode: Check = {
  name: "node",
  group: "machine",
  run: ({ say }) =>
    nodeIsNewEnough(process.version)
      ? ok(process.version)
      : fail(process.version, say("doctor.mend.node", { version: oldestNode.join(".") })),
};

/** MiB. A swarm's log, snapshots and private copies are small; a project's build in eight copies is not. */
const scarce = { fail: 100, warn: 1024 };

export const checkDisk: Check = {
  name: "disk",
  group: "machine",
  run: async ({ io, say, facts }) => {
    const places = [(await facts.projectDir()) ?? io.cwd, homeOf(io), tmpdir()];
    let least: { place: string; mib: number } | undefined;
    for (const place of new Set(places)) {
      try {
        const { bavail, bsize } = await statfs(place);
        const mib = Math.floor((bavail * bsize) / 2 ** 20);
        if (!least || mib < least.mib) least = { place, mib };
      } catch (error) {
        // A home that does not exist yet is made when it is needed.
        if (!hasCode(error, "ENOENT")) throw error;
      }
    }
    if (!least) return skip(say("doctor.seen.disk.nowhere"));
    const seen = say("doctor.seen.disk", { free: (least.mib / 1024).toFixed(1), place: least.place });
    const mend = say("doctor.mend.disk", { place: least.place });
    if (least.mib < scarce.fail) return fail(seen, mend, { freeMib: least.mib });
    return least.mib < scarce.warn ? warn(seen, mend, { freeMib: least.mib }) : ok(seen, { freeMib: least.mib });
  },
};

/** GPUs and driver where this machine should have one: an `nvidia-smi` is here. */
export const checkGpu: Check = {
  name: "gpu",
  group: "machine",
  run: async ({ io, say, facts }) => {
    const asked = await execa("nvidia-smi", ["--query-gpu=name,driver_version", "--format=csv,noheader"], {
      env: { ...io.env },
      extendEnv: false,
      reject: false,
      timeout: 30_000,
      stdin: "ignore",
    });
    if (asked.code === "ENOENT") {
      const target = await facts.target();
      const elsewhere = target !== undefined && !isLoopback(new URL(target.baseUrl).hostname);
      return skip(say(elsewhere ? "doctor.seen.gpu.elsewhere" : "doctor.seen.gpu.none"));
    }
    const words = (asked.stdout || asked.stderr || asked.shortMessage || "").trim().split("\n")[0] ?? "";
    if (asked.failed) return fail(say("doctor.seen.gpu.broken", { reason: words }), say("doctor.mend.gpu.broken"));
    const gpus = (await gpuMemory(io.env)) ?? [];
    if (gpus.length === 0) return fail(say("doctor.seen.gpu.empty"), say("doctor.mend.gpu.broken"));
    const list = gpus.map((gpu) => `${gpu.freeGib.toFixed(0)}/${gpu.totalGib.toFixed(0)} GiB`).join(", ");
    return ok(say("doctor.seen.gpu", { name: words, memory: list }), { gpus });
  },
};
