import type { ServerSnapshot } from "../../metrics/serverSnapshot.ts";
import { type LimitReading, limitWindow } from "./window.ts";

/**
 * How full the local server is: its KV cache or its queue, whichever is fuller. The queue counts as full where as many
 * requests wait as run, since each then waits about as long as it works. Unknown where the server says neither.
 */
export function readLocalLoad(snapshot: ServerSnapshot, observedAt: number): LimitReading {
  const { kvUsage, waiting, running } = snapshot;
  const pressure =
    waiting === undefined ? undefined : waiting === 0 ? 0 : Math.min(1, waiting / Math.max(1, running ?? 0));
  const known = [kvUsage, pressure].filter((share) => share !== undefined);
  if (known.length === 0) return { ok: false, reason: "the server's metrics name neither its KV cache nor its queue" };
  const common = { provider: "local", source: "vllm-metrics", observedAt };
  return { ok: true, windows: [limitWindow(common, "gpu", Math.max(...known) * 100)] };
}
