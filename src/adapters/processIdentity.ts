import { readFileSync, readlinkSync } from "node:fs";
import { hasCode } from "../ports/thrown.ts";

/** A process, told from a later one with the same pid. */
export interface ProcessIdentity {
  pid: number;
  /** Field 22 of /proc/<pid>/stat (start time in clock ticks), see proc(5); "" where there is no /proc. */
  started: string;
}

/** Start time and state of a process; undefined where it is gone or there is no /proc. */
function statOf(pid: number): { state: string; started: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", started: fields[19] ?? "" };
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
}

export function identityOf(pid: number): ProcessIdentity {
  return { pid, started: statOf(pid)?.started ?? "" };
}

/** Whether that very process still runs. One that ended and that nobody has waited for (a zombie) does not. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (hasCode(error, "ESRCH")) return false;
    if (!hasCode(error, "EPERM")) throw error;
  }
  const stat = statOf(pid);
  if (stat === undefined) return true;
  return stat.state !== "Z" && stat.state !== "X" && stat.started === started;
}

/** Names this boot of the machine and this pid namespace: a pid of another place says nothing here. */
export function processPlace(): string {
  return [() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(), () => readlinkSync("/proc/self/ns/pid")]
    .map((read) => {
      try {
        return read();
      } catch (error) {
        if (hasCode(error, "ENOENT", "EACCES", "EPERM")) return "-";
        throw error;
      }
    })
    .join(" ");
}
