import { readMetrics } from "../../../adapters/modelServer/metricsPoller.ts";
import { type Check, fail, ok, skip, warn } from "../check.ts";
import { metricsOf } from "../facts/facts.ts";
import { clientFor } from "../facts/modelList.ts";
import { targetOf } from "./modelServer.ts";

export const checkMetrics: Check = {
  name: "metrics",
  group: "server",
  needs: ["api-key"],
  run: async ({ facts, say }) => {
    const reading = await facts.metrics();
    if (!reading.ok)
      return warn(say("doctor.seen.metrics.none", { reason: reading.reason }), say("doctor.mend.metrics"));
    const { running, waiting, kvUsage } = reading.snapshot;
    const missing = Object.entries({ running, waiting, kvUsage }).flatMap(([name, value]) =>
      value === undefined ? [name] : [],
    );
    if (missing.length > 0)
      return warn(say("doctor.seen.metrics.missing", { names: missing.join(", ") }), say("doctor.mend.metrics"));
    const share = Math.round((kvUsage ?? 0) * 100);
    return ok(say("doctor.seen.metrics", { running: running ?? 0, waiting: waiting ?? 0, share }));
  },
};

/** Longer than two of the largest cache blocks seen (1,072 tokens): a shorter prompt never hits. */
const MOST_WORDS = 2_600;
/** Tokens that one of the words can be, generously: the prompt has to fit into the served context. */
const TOKENS_A_WORD = 12;

/** The second of two equal long prompts is answered from the cache. */
export const checkPrefixCaching: Check = {
  name: "prefix-caching",
  group: "server",
  needs: ["completion"],
  run: async (context, signal) => {
    const { facts, say } = context;
    const target = await targetOf(context);
    const mend = say("doctor.mend.prefixCaching");
    const said = await facts.metrics();
    if (said.ok && said.snapshot.cache?.prefixCaching === false)
      return fail(say("doctor.seen.prefixCaching.off"), mend);
    // New in every run, or an earlier doctor's prompt would be the hit.
    const mark = Date.now().toString(36);
    const list = await facts.models();
    const served = "models" in list ? list.models.find(({ id }) => id === target.model)?.maxModelLen : undefined;
    const words = Math.min(MOST_WORDS, Math.floor((served ?? Number.POSITIVE_INFINITY) / TOKENS_A_WORD));
    const prompt = `${Array.from({ length: words }, (_, index) => `${mark}${index % 97}`).join(" ")}\nSay pong.`;
    const ask = () =>
      clientFor(target).chat.completions.create(
        { model: target.model, max_tokens: 1, temperature: 0, messages: [{ role: "user", content: prompt }] },
        { signal },
      );
    await ask();
    const before = await readMetrics({ ...metricsOf(target), signal });
    const second = await ask();
    const after = await readMetrics({ ...metricsOf(target), signal });
    const told = second.usage?.prompt_tokens_details?.cached_tokens;
    const [from, to] = [before, after].map((reading) => (reading.ok ? reading.snapshot.prefixHits : undefined));
    const hits = told ?? (from === undefined || to === undefined ? undefined : to - from);
    if (hits === undefined)
      return warn(say("doctor.seen.prefixCaching.unknown"), say("doctor.mend.prefixCaching.unknown"));
    const prompted = second.usage?.prompt_tokens ?? 0;
    if (hits <= 0) return fail(say("doctor.seen.prefixCaching.none", { tokens: prompted }), mend);
    return ok(say("doctor.seen.prefixCaching", { hits, tokens: prompted }), { hits, promptTokens: prompted });
  },
};

/** Sessions of a whole swarm: the Commander, and each Worker with one helper. */
export const swarmSessions = (workers: number): number => 2 * workers + 1;

/** What the server's KV cache holds against what the swarm can have open at full context. */
export const checkCapacity: Check = {
  name: "capacity",
  group: "server",
  needs: ["context"],
  run: async ({ facts, say }) => {
    const reading = await facts.metrics();
    const cache = reading.ok ? reading.snapshot.cache : undefined;
    if (cache?.maxConcurrency === undefined) return skip(say("doctor.seen.capacity.unknown"));
    const read = await facts.config();
    const workers = read.ok ? read.config.swarm.maxWorkers : 8;
    const sessions = swarmSessions(workers);
    const values = { fits: cache.maxConcurrency.toFixed(1), sessions, workers };
    const data = { maxConcurrency: cache.maxConcurrency, sessions, kvCacheTokens: cache.kvCacheTokens };
    return cache.maxConcurrency >= sessions
      ? ok(say("doctor.seen.capacity", values), data)
      : warn(say("doctor.seen.capacity", values), say("doctor.mend.capacity"), data);
  },
};
