import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { BrokenStream } from "./brain.ts";

/**
 * Answers with a stream that goes wrong. Resolves when the connection is reset or the client has left.
 * @param signal aborts when the client leaves
 */
export async function sendBroken(
  response: ServerResponse,
  broken: BrokenStream,
  options: { model: string; signal: AbortSignal },
): Promise<void> {
  const write = (delta: object) => response.write(chunkOf(options.model, delta));
  if (broken.how === "endless" || broken.text !== undefined) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    write({ role: "assistant", content: "" });
  }
  if (broken.how === "endless") return forEver(broken, write, options.signal);
  if (broken.text !== undefined) await flushed(response, chunkOf(options.model, { content: broken.text }));
  if (broken.how === "reset") {
    response.socket?.resetAndDestroy();
    return;
  }
  await untilLeft(options.signal);
}

async function forEver(
  { piece, everyMs, tool }: Extract<BrokenStream, { how: "endless" }>,
  write: (delta: object) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const called = (part: object) => ({ tool_calls: [{ index: 0, ...part }] });
  if (tool !== undefined) {
    write(called({ id: "call_endless", type: "function", function: { name: tool, arguments: "" } }));
  }
  while (!signal.aborted) {
    write(tool === undefined ? { content: piece } : called({ function: { arguments: piece } }));
    await pause(everyMs, signal);
  }
}

/** Written to the socket, so that a reset right behind it does not take it away. */
const flushed = (response: ServerResponse, text: string): Promise<void> =>
  new Promise((resolve) => response.write(text, () => setTimeout(resolve, REST_MS)));

/** Between the last text and the reset (ms): a reset drops what the client's kernel has not handed on yet. */
const REST_MS = 100;

const untilLeft = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

const chunkOf = (model: string, delta: object): string =>
  `data: ${JSON.stringify({
    id: "chatcmpl-scripted",
    object: "chat.completion.chunk",
    created: 0,
    model,
    choices: [{ index: 0, delta, finish_reason: null }],
  })}\n\n`;
