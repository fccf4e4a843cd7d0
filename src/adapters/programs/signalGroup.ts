import { hasCode } from "../../ports/thrown.ts";

/** Signals a whole process group; false where it is gone already. */
export function signalGroup(pid: number | undefined, name: NodeJS.Signals): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, name);
  } catch (error) {
    if (hasCode(error, "ESRCH")) return false;
    throw error;
  }
}
