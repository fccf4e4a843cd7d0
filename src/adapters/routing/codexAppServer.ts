import { createInterface } from "node:readline";
import { execa } from "execa";
import { z } from "zod";
import { parseJson } from "../../core/gate/json.ts";
import { readCodexAppServer } from "../../core/routing/limits/openai.ts";
import type { LimitReading } from "../../core/routing/limits/window.ts";
import { messageOf } from "../../ports/thrown.ts";

const answer = z.object({
  id: z.number(),
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
});

const REQUESTS = [
  { id: 1, method: "initialize", params: { clientInfo: { name: "oh-my-qwencoder", version: "1" } } },
  { method: "initialized" },
  { id: 2, method: "account/rateLimits/read" },
];
const LIMITS_ID = 2;
/** It asks its own service; a machine without a network must not wait for long. */
const LIMIT_MS = 10_000;

/**
 * Asks `codex app-server` for the plan's limits over its standard streams. The program uses its own sign-in.
 *
 * @param command the program and its arguments
 * @param now milliseconds since the epoch
 */
export async function codexAppServerLimits(
  command: readonly [string, ...string[]],
  now: number,
  signal?: AbortSignal,
): Promise<LimitReading> {
  const [file, ...args] = command;
  const child = execa(file, args, {
    timeout: LIMIT_MS,
    stderr: "ignore",
    reject: false,
    ...(signal ? { cancelSignal: signal } : {}),
  });
  try {
    child.stdin?.write(REQUESTS.map((request) => `${JSON.stringify({ jsonrpc: "2.0", ...request })}\n`).join(""));
    for await (const line of createInterface({ input: child.stdout })) {
      const parsed = answer.safeParse(parseJson(line));
      if (!parsed.success) continue;
      const { id, error, result } = parsed.data;
      if (error) return { ok: false, reason: `${file} refused: ${error.message}` };
      if (id === LIMITS_ID) return readCodexAppServer(result, now);
    }
    const ended = await child;
    return {
      ok: false,
      reason: ended.timedOut
        ? `${file} did not answer within ${LIMIT_MS / 1000} s`
        : (ended.shortMessage ?? `${file} ended without an answer`),
    };
  } catch (error) {
    return { ok: false, reason: messageOf(error) };
  } finally {
    child.kill();
    await child;
  }
}
