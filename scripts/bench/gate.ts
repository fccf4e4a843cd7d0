import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { offeredTools } from "../../src/core/gate/offeredTools.ts";
import { repairHistory } from "../../src/core/gate/repairHistory.ts";
import { createRepair } from "../../src/core/gate/repairStream.ts";
import { runawayEnds } from "./gateRunaways.ts";
import { gateStarts } from "./gateStart.ts";
import { finish, machine, progress, readArguments } from "./report.ts";
import { round } from "./statistics.ts";

const REQUESTS = 100_000;
/**
 * Microseconds a chunk, milliseconds a request, a start and the end of a runaway, MB (10^6 bytes) a second, bytes of growth
 * over all requests.
 */
const GOALS = {
  chunkP99Us: 50,
  requestMs: 1,
  megabytesPerSecond: 50,
  growthBytes: 8_000_000,
  startMs: 10,
  runawayMs: 2_000,
};
/** Processes started to measure a start; a median of fewer moves. */
const STARTS = 21;
/** Rounds of four endless answers each. */
const RUNAWAYS = 25;
/** Characters in a delta: vLLM sends a token, or a few where it falls behind. */
const DELTA = 16;

const tools = offeredTools({
  tools: ["bash", "write"].map((name) => ({
    function: {
      name,
      parameters: {
        type: "object",
        properties: {
          command: { type: "string" },
          description: { type: "string" },
          filePath: { type: "string" },
          content: { type: "string" },
        },
        required: name === "bash" ? ["command", "description"] : ["filePath", "content"],
      },
    },
  })),
});

/**
 * What the model gate costs: a chunk, a request, a stream, memory over many requests, a start; and how fast a runaway ends at
 * the server.
 */
export async function bench(args: readonly string[]): Promise<void> {
  const options = readArguments(args, { name: "requests", fallback: REQUESTS });
  const about = machine("none");
  const answer = stream(prose(6_000), undefined, "stop");
  const write = stream("Now the file.\n", { filePath: "src/a.ts", content: prose(20_000) }, "tool_calls");
  const malformed = stream("Now the file.\n", { file_path: "src/a.ts", content: prose(20_000) }, "tool_calls");
  for (let warm = 0; warm < 30; warm += 1) for (const chunks of [answer, write, malformed]) run(chunks);
  progress("chunks");
  const perChunk = [answer, write].flatMap((chunks) => Array.from({ length: 40 }, () => chunkTimes(chunks)).flat());
  perChunk.sort((a, b) => a - b);
  progress("throughput");
  const speed = Object.fromEntries(
    Object.entries({ answer, write, malformed }).map(([name, chunks]) => [name, round(megabytesPerSecond(chunks), 1)]),
  );
  const whole = large(answer);
  const wholeSpeed = round(megabytesPerSecond(whole), 1);
  progress("requests");
  const body = conversation();
  for (let warm = 0; warm < 100; warm += 1) repairHistory(body);
  const requests = Array.from({ length: 300 }, () => timed(() => void repairHistory(body))).sort((a, b) => a - b);
  progress(`${options.count} requests`);
  const small = stream("Done.", { command: "ls", description: "List" }, "tool_calls");
  const growth = memoryGrowth(small, options.count);
  progress(`${STARTS} starts`);
  const starts = await gateStarts(STARTS);
  const inOrder = (times: number[]) => times.sort((a, b) => a - b);
  progress("runaways");
  const runaways = await runawayEnds(RUNAWAYS);
  const [atServer, atReader] = [inOrder(runaways.server), inOrder(runaways.reader)];
  const startTimes = inOrder(starts.map(({ load, start }) => load + start));
  const figures = {
    startMs: {
      p50: at(startTimes, 0.5),
      max: at(startTimes, 1),
      load: at(inOrder(starts.map(({ load }) => load)), 0.5),
      inFrontOfProviders: at(inOrder(starts.map(({ start }) => start)), 0.5),
    },
    chunkUs: { p50: at(perChunk, 0.5), p99: at(perChunk, 0.99), max: at(perChunk, 1) },
    requestMs: { bytes: body.length, p50: round(at(requests, 0.5) / 1000), p99: round(at(requests, 0.99) / 1000) },
    megabytesPerSecond: { ...speed, "answer, 64 KB reads": wholeSpeed },
    memory: growth,
    runawayEndsMs: {
      atServer: { p50: at(atServer, 0.5), max: at(atServer, 1) },
      atReader: { p50: at(atReader, 0.5), max: at(atReader, 1) },
    },
  };
  const met =
    figures.startMs.p50 <= GOALS.startMs &&
    figures.chunkUs.p99 <= GOALS.chunkP99Us &&
    figures.requestMs.p99 <= GOALS.requestMs &&
    Math.min(...Object.values(figures.megabytesPerSecond)) >= GOALS.megabytesPerSecond &&
    growth.growthBytes <= GOALS.growthBytes &&
    at(atServer, 1) <= GOALS.runawayMs;
  finish(
    { bench: "gate", machine: about, ...figures, goals: GOALS, met } as { met: boolean },
    lines(figures, met),
    options.json,
  );
}

function lines(figures: object, met: boolean): string[] {
  return [
    ...Object.entries(figures).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
    met ? "all goals met" : "a goal was missed",
  ];
}

function at(sorted: readonly number[], share: number): number {
  return round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN, 1);
}

/** Microseconds. */
function timed(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) * 1000;
}

function chunkTimes(chunks: readonly Uint8Array[]): number[] {
  const repair = createRepair({ tools });
  const times = chunks.map((chunk) => timed(() => void repair.push(chunk)));
  repair.end();
  return times;
}

function run(chunks: readonly Uint8Array[]): number {
  const repair = createRepair({ tools });
  let bytes = 0;
  for (const chunk of chunks) for (const piece of repair.push(chunk)) bytes += piece.length;
  for (const piece of repair.end()) bytes += piece.length;
  return bytes;
}

function megabytesPerSecond(chunks: readonly Uint8Array[]): number {
  const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const times = Array.from({ length: 60 }, () => timed(() => void run(chunks))).sort((a, b) => a - b);
  return size / at(times, 0.5);
}

function memoryGrowth(chunks: readonly Uint8Array[], requests: number) {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const used = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  for (let warm = 0; warm < 2000; warm += 1) run(chunks);
  const before = used();
  const start = performance.now();
  for (let done = 0; done < requests; done += 1) run(chunks);
  const ms = performance.now() - start;
  return {
    requests,
    growthBytes: used() - before,
    msPerRequest: round(ms / requests, 4),
  };
}

function event(delta: object, reason: string | null = null): string {
  const choice = { index: 0, delta, logprobs: null, finish_reason: reason };
  return `data: ${JSON.stringify({ id: "chatcmpl-0123456789abcdef", object: "chat.completion.chunk", created: 1_760_000_000, model: "qwen3-coder-next", choices: [choice] })}\n\n`;
}

function stream(text: string, args: object | undefined, reason: string): Uint8Array[] {
  const events = [event({ role: "assistant", content: "" })];
  for (let from = 0; from < text.length; from += DELTA) events.push(event({ content: text.slice(from, from + DELTA) }));
  if (args) {
    const name = "command" in args ? "bash" : "write";
    const json = JSON.stringify(args);
    events.push(
      event({ tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name, arguments: "" } }] }),
    );
    for (let from = 0; from < json.length; from += DELTA)
      events.push(event({ tool_calls: [{ index: 0, function: { arguments: json.slice(from, from + DELTA) } }] }));
  }
  events.push(event({}, reason), "data: [DONE]\n\n");
  const encoder = new TextEncoder();
  return events.map((one) => encoder.encode(one));
}

/** The same bytes in reads of 64 KB, as a proxy or a fast server delivers them. */
function large(chunks: readonly Uint8Array[]): Uint8Array[] {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  chunks.reduce((offset, chunk) => {
    all.set(chunk, offset);
    return offset + chunk.length;
  }, 0);
  const reads: Uint8Array[] = [];
  for (let from = 0; from < all.length; from += 65_536) reads.push(all.slice(from, from + 65_536));
  return reads;
}

function prose(length: number): string {
  let text = "";
  for (let n = 0; text.length < length; n += 1)
    text += `const value${n} = compute(${n * 7919}); // <b>${n}</b> \`x${n % 13}\`\n`;
  return text.slice(0, length);
}

/** A long session: 60 calls with their results, about 250 KB. */
function conversation(): string {
  const messages = Array.from({ length: 60 }, (_, n) => [
    {
      role: "assistant",
      content: "Next.",
      tool_calls: [
        {
          id: `c${n}`,
          type: "function",
          function: { name: "write", arguments: JSON.stringify({ filePath: `f${n}`, content: prose(1500) }) },
        },
      ],
    },
    { role: "tool", tool_call_id: `c${n}`, content: prose(2000) },
  ]);
  return JSON.stringify({ model: "m", stream: true, messages: messages.flat() });
}
