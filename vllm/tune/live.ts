import { setMaxListeners } from "node:events";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import OpenAI from "openai";
import { z } from "zod";
import { readMetrics } from "../../src/adapters/modelServer/metricsPoller.ts";
import { type Measurement, Recorder } from "./measure.ts";
import { seeded } from "./random.ts";
import { type Segment, type Trace, type TraceSession, tokensOf } from "./trace.ts";

export interface LiveServer {
  /** Ends in `/v1`. */
  baseUrl: string;
  model: string;
  apiKey: string | undefined;
  signal: AbortSignal;
}

export interface LiveOptions {
  /** Every prompt of one run begins with it: a run finds nothing of an earlier one in the cache. */
  salt: string;
  /** Modelled seconds in a real one; 1 for a real server. */
  timeScale: number;
  onRequest?: (done: number) => void;
}

/** Text has about this many characters to a token, in English and code. */
const CHARACTERS = 4;
/** A busy server's queue, in milliseconds. */
const REQUEST_TIMEOUT_MS = 600_000;

const version = z.looseObject({ version: z.string(), time_scale: z.number().positive().optional() });

/** What a server says it is, and how fast its time runs (a simulated one may say so). */
export async function serverIdentity(
  baseUrl: string,
  signal: AbortSignal,
): Promise<{ version: string; timeScale: number } | undefined> {
  try {
    const url = `${baseUrl.replace(/\/v1\/?$/, "")}/version`;
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]) });
    const parsed = version.safeParse(await response.json());
    return parsed.success ? { version: parsed.data.version, timeScale: parsed.data.time_scale ?? 1 } : undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    return undefined;
  }
}

const WORDS =
  "const value return import export function interface type await async number string boolean array map filter reduce error result path file test expect where while break continue class extends".split(
    " ",
  );

/** Text of a segment: the same for the same id, and unlike any other's from its first words on. */
function textOf(segment: Segment, salt: string): string {
  let seed = 0;
  for (const character of `${salt}/${segment.id}`) seed = (Math.imul(seed, 31) + (character.codePointAt(0) ?? 0)) | 0;
  const random = seeded(seed);
  const length = segment.tokens * CHARACTERS;
  let text = `${Math.floor(random() * 1e9).toString(36)} `;
  while (text.length < length)
    text += `${WORDS[Math.floor(random() * WORDS.length)] ?? ""}${Math.floor(random() * 10)} `;
  return text.slice(0, length);
}

type Message = { role: "system" | "user" | "assistant"; content: string };

/** Plays one session; the answers it got are part of its later prompts. */
async function playSession(
  session: TraceSession,
  world: {
    client: OpenAI;
    server: LiveServer;
    options: LiveOptions;
    recorder: Recorder;
    spawn: (id: string) => Promise<void>;
  },
): Promise<void> {
  const { client, server, options, recorder } = world;
  const { timeScale, salt } = options;
  const { signal } = server;
  const answers = new Map<string, string>();
  const modelled = (from: number) => (performance.now() - from) * timeScale;
  for (const turn of session.turns) {
    await pause(turn.pauseMs / timeScale, undefined, { signal });
    const messages = turn.prompt.map((segment, index): Message => {
      const answer = answers.get(segment.id);
      if (answer !== undefined) return { role: "assistant", content: answer };
      return { role: index === 0 ? "system" : "user", content: textOf(segment, salt) };
    });
    const sentAt = performance.now();
    const arrivals: number[] = [];
    let text = "";
    let usage: OpenAI.CompletionUsage | null | undefined;
    try {
      // ignore_eos is vLLM's: answers are as long as the trace has them, whatever the model would say.
      const stream = await client.chat.completions.create(
        {
          model: server.model,
          messages,
          stream: true,
          stream_options: { include_usage: true },
          max_tokens: turn.output.tokens,
          temperature: 0,
          ...{ ignore_eos: true },
        },
        { signal, headers: { "x-session-affinity": session.id } },
      );
      for await (const chunk of stream) {
        usage = chunk.usage ?? usage;
        const piece = chunk.choices[0]?.delta.content ?? "";
        if (piece === "") continue;
        arrivals.push(modelled(sentAt));
        text += piece;
      }
    } catch (error) {
      if (signal.aborted) throw error;
      if (!(error instanceof OpenAI.APIError)) throw error;
    }
    const [first] = arrivals;
    if (first === undefined) {
      recorder.fail();
      return;
    }
    recorder.request(usage?.prompt_tokens ?? tokensOf(turn.prompt), usage?.prompt_tokens_details?.cached_tokens);
    recorder.firstToken(first);
    // A server that is behind sends several tokens at once.
    const perChunk = Math.max(
      1,
      Math.round(((usage?.completion_tokens ?? arrivals.length) - 1) / Math.max(1, arrivals.length - 1)),
    );
    for (let index = 1; index < arrivals.length; index += 1)
      recorder.nextTokens((arrivals[index] ?? 0) - (arrivals[index - 1] ?? 0), perChunk);
    answers.set(turn.output.id, text);
    options.onRequest?.(1);
    await Promise.all(turn.spawns.map(world.spawn));
  }
}

/**
 * Plays a trace against a running server and measures it from outside. Rejects when the signal aborts; a request the
 * server refuses is counted and ends its session.
 */
export async function playTrace(trace: Trace, server: LiveServer, options: LiveOptions): Promise<Measurement> {
  // Every session listens for the end of all, and each of its requests and pauses does.
  setMaxListeners(0, server.signal);
  const client = new OpenAI({
    baseURL: server.baseUrl,
    apiKey: server.apiKey ?? "none",
    maxRetries: 0,
    timeout: REQUEST_TIMEOUT_MS,
  });
  const recorder = new Recorder();
  const byId = new Map(trace.sessions.map((session) => [session.id, session]));
  const helpers = new Set(trace.sessions.flatMap(({ turns }) => turns.flatMap(({ spawns }) => spawns)));
  const preemptions = async () => {
    const reading = await readMetrics({ baseUrl: server.baseUrl, signal: server.signal });
    return reading.ok ? reading.snapshot.preemptions : undefined;
  };
  const before = await preemptions();
  const began = performance.now();
  const play = async (session: TraceSession): Promise<void> =>
    playSession(session, {
      client,
      server,
      options,
      recorder,
      spawn: async (id) => {
        const helper = byId.get(id);
        if (helper) await play(helper);
      },
    });
  await Promise.all(
    trace.sessions
      .filter(({ id }) => !helpers.has(id))
      .map(async (session) => {
        await pause(session.startMs / options.timeScale, undefined, { signal: server.signal });
        await play(session);
      }),
  );
  const duration = (performance.now() - began) * options.timeScale;
  const after = await preemptions();
  return recorder.result(duration, before === undefined || after === undefined ? undefined : after - before);
}
