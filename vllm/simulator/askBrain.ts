import { setTimeout as sleep } from "node:timers/promises";
import type { Brain, Reply, Turn } from "./brain.ts";
import type { EngineRequest } from "./engine.ts";

/**
 * Asks the brain and waits as long as the server's latency and the reply's own hang say; the hang is in the server's queue. A
 * brain that throws is a 500 with its words.
 */
export async function askBrain(
  options: { brain: Brain; latencyMs?: number },
  turn: Turn,
  request: EngineRequest,
): Promise<Reply> {
  const reply = await options.brain(turn);
  const wait = async (ms: number) => {
    await sleep(ms, undefined, { signal: turn.signal }).catch((error: unknown) => {
      if (!turn.signal.aborted) throw error;
    });
  };
  if (options.latencyMs) await wait(options.latencyMs);
  if (!reply.hangMs) return reply;
  const leave = request.queue();
  await wait(reply.hangMs);
  leave();
  return reply;
}
