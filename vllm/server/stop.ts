import { endGroup } from "./launch.ts";
import { removeRecord, type ServerRecord } from "./serverRecord.ts";

/** Ends a server and what restarts it, the latter first, and forgets it. Says whether one had to be killed. */
export async function stopServer(
  stateDir: string,
  record: ServerRecord,
  timeoutMs: number,
): Promise<{ pid: number; killed: boolean }> {
  const parts = [record.supervisor, record.server].filter((id) => id !== null);
  let killed = false;
  for (const id of parts) killed = (await endGroup(id, timeoutMs)).killed || killed;
  await removeRecord(stateDir, record.port);
  return { pid: (record.server ?? record.supervisor)?.pid ?? 0, killed };
}
