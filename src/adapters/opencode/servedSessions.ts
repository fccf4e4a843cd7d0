import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { createOpencodeClient, type OpencodeClient } from "@opencode-ai/sdk/v2/client";
import { type PoolAnswer, type PoolRequest, ServerLostError } from "../../ports/poolServers.ts";
import { messageOf } from "../../ports/thrown.ts";
import { TimeLimit, withinTime } from "../../ports/timeLimit.ts";
import { NOBODY_THERE } from "./quietOpencode.ts";

/** Longest wait for an answer about a session (ms); a prompt is sent and then waited for. */
const CALL_LIMIT_MS = 20_000;
/** Whoever gave up waits no longer than this for the server to hear of it (ms). */
const ABORT_LIMIT_MS = 5_000;
/** Events can get lost when their stream breaks: the session is looked at this often as well (ms). */
const LOOK_EVERY_MS = 2_000;
const RECONNECT_MS = 500;
const RULES = NOBODY_THERE.map((permission) => ({ permission, pattern: "*", action: "deny" as const }));

/** Requests to one OpenCode server, a session each, through its SDK: what is sent by REST, what happens by its events. */
export class ServedSessions {
  private readonly client: OpencodeClient;
  private readonly healthTimeoutMs: number;
  private readonly lost: Promise<never>;
  private agents: readonly { name: string }[] | undefined;
  private readonly gone = new AbortController();
  private readonly wakes = new Map<string, () => void>();
  private readonly errors = new Map<string, string>();
  /** Signs of life: what the server told of its own accord. */
  private events = 0;

  constructor(options: {
    url: string;
    password: string;
    projectDir: string;
    healthTimeoutMs: number;
    ended: Promise<void>;
  }) {
    const { url, password, projectDir, ended } = options;
    this.healthTimeoutMs = options.healthTimeoutMs;
    this.client = createOpencodeClient({
      baseUrl: url,
      directory: projectDir,
      headers: { authorization: `Basic ${Buffer.from(`opencode:${password}`).toString("base64")}` },
    });
    // Every request under way listens; that is no leak.
    setMaxListeners(0, this.gone.signal);
    this.lost = ended.then(() => {
      this.gone.abort();
      throw new ServerLostError(`The server at ${url} went away`);
    });
    // Nobody may be waiting when it ends.
    this.lost.catch(() => undefined);
    void this.listen();
  }

  async ask(request: PoolRequest, signal: AbortSignal): Promise<PoolAnswer> {
    return Promise.race([this.answer(request, signal), this.lost]);
  }

  /** Whether it answers in time, or tells of something meanwhile. */
  async healthy(): Promise<boolean> {
    const { events } = this;
    const limit = new TimeLimit(this.healthTimeoutMs, this.gone.signal);
    try {
      const { data } = await limit.race(this.client.global.health({ signal: limit.signal }));
      if (data?.healthy === true) return true;
    } catch {
      // Whatever keeps it from answering is the finding.
    } finally {
      limit.clear();
    }
    return limit.expired && this.events > events;
  }

  private async answer({ prompt, agent, model }: PoolRequest, signal: AbortSignal): Promise<PoolAnswer> {
    const title = prompt.trim().split("\n", 1)[0]?.slice(0, 60) || "Job";
    const created = await this.call("create a session", signal, (options) =>
      this.client.session.create({ title, permission: RULES }, options),
    );
    const session = created.id;
    const slash = model?.indexOf("/") ?? -1;
    const named =
      model !== undefined && slash > 0
        ? { model: { providerID: model.slice(0, slash), modelID: model.slice(slash + 1) } }
        : {};
    try {
      await this.call("send the prompt", signal, async (options) => {
        const sent = await this.client.session.promptAsync(
          {
            sessionID: session,
            ...named,
            ...(agent !== undefined && (await this.has(agent, signal)) ? { agent } : {}),
            parts: [{ type: "text", text: prompt }],
          },
          options,
        );
        return sent.error === undefined ? { data: true } : { error: sent.error };
      });
      for (;;) {
        signal.throwIfAborted();
        const found = await this.ended(session, signal);
        if (found) return found;
        await this.wake(session, signal);
      }
    } catch (error) {
      if (signal.aborted)
        await withinTime(ABORT_LIMIT_MS, this.gone.signal, (limit) =>
          this.client.session.abort({ sessionID: session }, { signal: limit }),
        ).catch(() => undefined);
      throw error;
    } finally {
      this.wakes.delete(session);
      this.errors.delete(session);
    }
  }

  private async has(agent: string, signal: AbortSignal): Promise<boolean> {
    this.agents ??= await this.call("name its agents", signal, (options) => this.client.app.agents({}, options));
    return this.agents.some(({ name }) => name === agent);
  }

  /** The answer, once the session's last message is one. */
  private async ended(session: string, signal: AbortSignal): Promise<PoolAnswer | undefined> {
    const messages = await this.call("read the answer", signal, (options) =>
      this.client.session.messages({ sessionID: session }, options),
    );
    const said = messages.filter(({ info }) => info.role === "assistant");
    const tokens = { input: 0, output: 0, cached: 0 };
    for (const { info } of said) {
      if (info.role !== "assistant") continue;
      tokens.input += info.tokens.input + info.tokens.cache.read + info.tokens.cache.write;
      tokens.output += info.tokens.output + info.tokens.reasoning;
      tokens.cached += info.tokens.cache.read;
    }
    const last = messages.at(-1);
    const failed = this.errors.get(session);
    if (last?.info.role !== "assistant")
      return failed === undefined ? undefined : { text: "", session, tokens, error: failed };
    const { error, finish, time } = last.info;
    if (error === undefined && (time.completed === undefined || finish === "tool-calls")) return undefined;
    const text = last.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
    return { text, session, tokens, ...(error ? { error: wordsOf(error) } : {}) };
  }

  private wake(session: string, signal: AbortSignal): Promise<void> {
    const timer = new AbortController();
    return new Promise<void>((resolve) => {
      this.wakes.set(session, resolve);
      signal.addEventListener("abort", () => resolve(), { signal: timer.signal });
      sleep(LOOK_EVERY_MS, undefined, { signal: timer.signal }).then(resolve, () => undefined);
    }).finally(() => timer.abort());
  }

  private async listen(): Promise<void> {
    const { signal } = this.gone;
    while (!signal.aborted) {
      try {
        const { stream } = await this.client.event.subscribe({}, { signal, sseMaxRetryAttempts: 1 });
        for await (const event of stream) {
          this.events += 1;
          if (event.type === "session.idle") this.wakes.get(event.properties.sessionID)?.();
          else if (event.type === "session.error") {
            const { sessionID, error } = event.properties;
            if (sessionID === undefined) continue;
            this.errors.set(sessionID, error ? wordsOf(error) : "OpenCode named no reason");
            this.wakes.get(sessionID)?.();
          } else if (event.type === "permission.asked") {
            const message = "Nobody is there to answer: go on without it.";
            await this.client.permission.reply({ requestID: event.properties.id, reply: "reject", message });
          }
        }
      } catch (error) {
        // The looks at each session go on; the process's end is told by `ended`.
        if (!signal.aborted) await sleep(RECONNECT_MS, undefined, { signal }).catch(() => error);
      }
    }
  }

  private async call<T>(
    what: string,
    signal: AbortSignal,
    run: (options: { signal: AbortSignal }) => Promise<Answer<T>>,
  ): Promise<NonNullable<T>> {
    let answer: Answer<T>;
    try {
      answer = await withinTime(CALL_LIMIT_MS, [this.gone.signal, signal], (limit) => run({ signal: limit }));
    } catch (error) {
      signal.throwIfAborted();
      throw new ServerLostError(`The server did not answer (${what}): ${messageOf(error)}`);
    }
    const { data, error } = answer;
    // A connection that broke is an Error in the answer's place; what OpenCode says of itself is data.
    if (error instanceof Error)
      throw new ServerLostError(`The server did not answer (${what}): ${messageOf(error)}`, { cause: error });
    if (data === undefined || data === null) throw new Error(`OpenCode refused to ${what}: ${JSON.stringify(error)}`);
    return data;
  }
}

interface Answer<T> {
  data?: T | undefined;
  error?: unknown;
}

function wordsOf(error: { name: string; data?: unknown }): string {
  const { data } = error;
  const message = typeof data === "object" && data !== null && "message" in data ? String(data.message) : "";
  // A stack of OpenCode's tells nobody anything.
  return message === "" ? error.name : (message.split(/\n\s+at /, 1)[0] ?? message);
}
