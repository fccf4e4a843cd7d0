import type { FeedPatch, FeedStart } from "../core/view/feed.ts";

export interface StreamTargets {
  start(whole: FeedStart): void;
  patch(changed: FeedPatch): void;
  /** Nothing comes any more; it is tried again, but where the token is wrong. */
  lost(why: "token" | "gone" | "connection"): void;
}

/** Waits between two tries (ms). */
const AGAIN_MS = [250, 1_000, 3_000] as const;
/** The server says something every 15 s: a way on which nothing comes for so long (ms) is dead, as after a laptop's sleep. */
const SILENCE_MS = 40_000;

/**
 * Follows the server's events until the signal. By `fetch`, not EventSource: the token goes in a head, so that it stands in no
 * address and in no cookie, which every other port of this machine would be sent too.
 */
export async function follow(token: string, swarm: string, signal: AbortSignal, targets: StreamTargets): Promise<void> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      const query = swarm === "" ? "" : `?swarm=${encodeURIComponent(swarm)}`;
      const response = await fetch(`/api/stream${query}`, { headers: { authorization: `Bearer ${token}` }, signal });
      if (response.status === 401 || response.status === 403) return targets.lost("token");
      if (response.status === 404) return targets.lost("gone");
      if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
      failures = 0;
      await readEvents(response.body, signal, targets);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Error)) throw error;
    }
    targets.lost("connection");
    const wait = AGAIN_MS[Math.min(failures, AGAIN_MS.length - 1)] ?? 0;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

async function readEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
  targets: StreamTargets,
): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const piece = await inTime(reader.read());
    if (piece === "silence") {
      // Not awaited: a dead way may not say that it is closed either.
      void reader.cancel().catch(() => undefined);
      return;
    }
    const { done, value } = piece;
    if (done || signal.aborted) return;
    rest += value;
    // A whole swarm comes in many pieces: only the newest of them can hold the end.
    if (!value.includes("\n")) continue;
    const blocks = rest.split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) take(block, targets);
  }
}

async function inTime<T>(read: Promise<T>): Promise<T | "silence"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<"silence">((resolve) => {
    timer = setTimeout(() => resolve("silence"), SILENCE_MS);
  });
  return Promise.race([read, silence]).finally(() => clearTimeout(timer));
}

function take(block: string, targets: StreamTargets): void {
  let event = "";
  let data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) event = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (data === "") return;
  if (event === "start") targets.start(JSON.parse(data) as FeedStart);
  else if (event === "patch") targets.patch(JSON.parse(data) as FeedPatch);
}
