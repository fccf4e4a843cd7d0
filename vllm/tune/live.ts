import { setMaxListeners } from "node:events";
import OpenAI from "openai";
import { readMetrics } from "../../src/adapters/modelServer/metricsPoller.ts";
import { type Measurement, Recorder } from "./measure.ts";
import { seeded } from "./random.ts";
import { type ServedTime, servedTime, type TimeKind } from "./servedTime.ts";
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
  /** How the server's time passes: once as fast as ours for a real one. */
  time: TimeKind;
  onRequest?: (done: number) => void;
}

/** Text has about this many characters to a token, in English and code. */
const CHARACTERS = 4;
/** A busy server's queue, in milliseconds. */
const REQUEST_TIMEOUT_MS = 600_000;

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
    time: ServedTime;
    server: LiveServer;
    options: LiveOptions;
    recorder: Recorder;
    spawn: (id: string) => Promise<void>;
  },
): Promise<void> {
  const { client, time, server, options, recorder } = world;
  const { salt } = options;
  const { signal } = server;
  const answers = new Map<string, string>();
  for (const turn of session.turns) {
    await time.pause(turn.pauseMs);
    const messages = turn.prompt.map((segment, index): Message => {
      const answer = answers.get(segment.id);
      if (answer !== undefined) return { role: "assistant", content: answer };
      return { role: index === 0 ? "system" : "user", content: textOf(segment, salt) };
    });
    const sentAt = time.now();
    const arrivals: number[] = [];
    let text = "";
    let usage: OpenAI.CompletionUsage | null | undefined;
    try {
      await time.asking(async () => {
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
          arrivals.push(time.cameAt(chunk) - sentAt);
          text += piece;
        }
      });
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
    await time.together(turn.spawns.map((id) => () => world.spawn(id)));
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
  const time = await servedTime(server, options.time);
  try {
    const began = time.now();
    const play = async (session: TraceSession): Promise<void> =>
      playSession(session, {
        client,
        time,
        server,
        options,
        recorder,
        spawn: async (id) => {
          const helper = byId.get(id);
          if (helper) await play(helper);
        },
      });
    await time.together(
      trace.sessions
        .filter(({ id }) => !helpers.has(id))
        .map((session) => async () => {
          await time.pause(session.startMs);
          await play(session);
        }),
    );
    const duration = time.now() - began;
    const after = await preemptions();
    return recorder.result(duration, before === undefined || after === undefined ? undefined : after - before);
  } finally {
    await time.close();
  }
}
