import { readMetrics } from "../../../adapters/modelServer/metricsPoller.ts";
import { type Check, fail, ok, skip, warn } from "../check.ts";
import { metricsOf } from "../facts/facts.ts";
import { clientFor, type Target } from "../facts/modelList.ts";
import { reasonOf } from "../reasonOf.ts";
import { swarmSessions } from "./cache.ts";
import { targetOf } from "./modelServer.ts";

const longLimitMs = 600_000;

/** Text that no cache holds yet: numbered words behind a mark of this run. */
const filler = (mark: string, words: number): string =>
  Array.from({ length: words }, (_, index) => `${mark}${index % 89}`).join(" ");

async function answerTo(target: Target, prompt: string, signal: AbortSignal) {
  const began = performance.now();
  const answer = await clientFor(target, longLimitMs).chat.completions.create(
    { model: target.model, max_tokens: 8, temperature: 0, messages: [{ role: "user", content: prompt }] },
    { signal },
  );
  return { tokens: answer.usage?.prompt_tokens, ms: Math.round(performance.now() - began) };
}

/** A prompt that nearly fills the declared context is taken and answered. */
export const checkLongContext: Check = {
  name: "long-context",
  group: "deep",
  deep: true,
  needs: ["context", "completion"],
  limitMs: longLimitMs,
  run: async (context, signal) => {
    const { say } = context;
    const target = await targetOf(context);
    const { declaredContext } = target;
    if (declaredContext === undefined) return skip(say("doctor.seen.context.unknown"));
    const mark = Date.now().toString(36);
    try {
      // The tokenizer is the server's: a small prompt tells how many words a token is here.
      const sample = 2_000;
      const measured = (await answerTo(target, filler(mark, sample), signal)).tokens;
      if (measured === undefined) return skip(say("doctor.seen.longContext.usage"));
      const words = Math.floor((sample * declaredContext * 0.9) / measured);
      const { tokens = 0, ms } = await answerTo(target, `${mark}! ${filler(mark, words)}`, signal);
      return ok(say("doctor.seen.longContext", { tokens, seconds: (ms / 1000).toFixed(1) }), { tokens, ms });
    } catch (error) {
      signal.throwIfAborted();
      return fail(reasonOf(error), say("doctor.mend.longContext"));
    }
  },
};

/** Tokens each session writes: enough for a rate, short enough for a check. */
const written = 96;

interface Stream {
  firstMs: number;
  tokens: number;
}

async function stream(target: Target, prompt: string, signal: AbortSignal): Promise<Stream> {
  const began = performance.now();
  const chunks = await clientFor(target, longLimitMs).chat.completions.create(
    {
      model: target.model,
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: written,
      messages: [{ role: "user", content: prompt }],
    },
    { signal },
  );
  let firstMs: number | undefined;
  let tokens = 0;
  let counted: number | undefined;
  for await (const chunk of chunks) {
    if (chunk.choices[0]?.delta?.content) {
      firstMs ??= performance.now() - began;
      tokens += 1;
    }
    counted = chunk.usage?.completion_tokens ?? counted;
  }
  return { firstMs: firstMs ?? performance.now() - began, tokens: counted ?? tokens };
}

/** The whole swarm at once: a shared briefing, a part of one's own, a stream each. Its figures stand beside the capacity. */
export const checkSwarmLoad: Check = {
  name: "swarm-load",
  group: "deep",
  deep: true,
  needs: ["concurrency", "long-context"],
  limitMs: longLimitMs,
  run: async (context, signal) => {
    const { say, facts } = context;
    const target = await targetOf(context);
    const read = await facts.config();
    const count = swarmSessions(read.ok ? read.config.swarm.maxWorkers : 8);
    const shared = filler(`${Date.now().toString(36)}s`, 1_500);
    const before = await readMetrics({ ...metricsOf(target), signal });
    const began = performance.now();
    const ended = await Promise.allSettled(
      Array.from({ length: count }, (_, index) =>
        stream(target, `${shared}\n${filler(`own${index}x`, 500)}\nWrite a long story about part ${index}.`, signal),
      ),
    );
    signal.throwIfAborted();
    const seconds = (performance.now() - began) / 1000;
    const after = await readMetrics({ ...metricsOf(target), signal });
    const failed = ended.filter((result) => result.status === "rejected");
    const [first] = failed;
    const mend = say("doctor.mend.concurrency");
    if (first)
      return fail(
        say("doctor.seen.concurrency.failed", { failed: failed.length, count, reason: reasonOf(first.reason) }),
        mend,
      );
    const streams = ended.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    const firsts = streams.map(({ firstMs }) => firstMs).sort((a, b) => a - b);
    const ttftP95 = Math.round(firsts[Math.ceil(0.95 * firsts.length) - 1] ?? 0);
    const rate = Math.round(streams.reduce((sum, { tokens }) => sum + tokens, 0) / seconds);
    const preemptions =
      before.ok && after.ok ? (after.snapshot.preemptions ?? 0) - (before.snapshot.preemptions ?? 0) : 0;
    const data = { sessions: count, ttftP95Ms: ttftP95, tokensPerSecond: rate, preemptions };
    const seen = say("doctor.seen.swarmLoad", { count, ttft: ttftP95, rate, preemptions });
    return preemptions > 0 ? warn(seen, say("doctor.mend.capacity"), data) : ok(seen, data);
  },
};
