import { setTimeout as sleep } from "node:timers/promises";
import * as acp from "@agentclientprotocol/sdk";
import { z } from "zod";
import type { RunTokens } from "../../core/executors/transcript.ts";
import type { AgentUpdate } from "../../ports/agentProcess.ts";
import { type PoolAnswer, type PoolRequest, ServerLostError } from "../../ports/poolServers.ts";
import { messageOf } from "../../ports/thrown.ts";
import { TimeLimit } from "../../ports/timeLimit.ts";
import { updateOf } from "./acpUpdates.ts";

/** Longest wait for an answer about a session (ms); a prompt has the caller's time. */
const CALL_LIMIT_MS = 20_000;
/** Longest wait for a cancelled prompt to end (ms): a process that does not listen is ended. */
const CANCEL_LIMIT_MS = 5_000;

interface Listener {
  /** Only what the last message says is the answer. */
  message: string | undefined;
  text: string;
  /** What nobody was there to allow: OpenCode ends the turn at it. */
  refused: string | undefined;
  onUpdate(update: AgentUpdate): void;
}

/** Sessions of one agent over the Agent Client Protocol, its client's side. Whatever it asks leave for is refused. */
export class AcpSessions {
  private readonly connection: acp.ClientConnection;
  private readonly listeners = new Map<string, Listener>();
  private readonly options: AcpOptions;
  private readonly lost: Promise<never>;
  private gone = false;

  constructor(options: AcpOptions) {
    this.options = options;
    const { output, input, ended } = options;
    this.connection = acp
      .client({ name: "oh-my-qwencoder" })
      .onRequest(acp.methods.client.session.requestPermission, ({ params }) => this.refuse(params))
      .onNotification(acp.methods.client.session.update, ({ params }) => this.heard(params))
      .connect(acp.ndJsonStream(output, input));
    this.lost = ended.then(() => {
      this.gone = true;
      this.connection.close();
      throw new ServerLostError("opencode acp went away");
    });
    // Nobody may be waiting when it ends.
    this.lost.catch(() => undefined);
  }

  /** @throws ServerLostError where it ends or does not answer in time; Error where it speaks another version */
  async hello(limitMs: number): Promise<void> {
    const hello = { protocolVersion: acp.PROTOCOL_VERSION, clientCapabilities: {} };
    const { protocolVersion } = await this.call("say hello", limitMs, (options) =>
      this.connection.agent.request(acp.methods.agent.initialize, hello, options),
    );
    if (protocolVersion !== acp.PROTOCOL_VERSION)
      throw new Error(`it speaks version ${protocolVersion} of the protocol, not ${acp.PROTOCOL_VERSION}`);
  }

  async ask(
    { prompt, agent, model }: PoolRequest,
    signal: AbortSignal,
    onUpdate: (update: AgentUpdate) => void = () => undefined,
  ): Promise<PoolAnswer> {
    signal.throwIfAborted();
    const { projectDir: cwd } = this.options;
    const { sessionId, configOptions } = await this.call("start a session", CALL_LIMIT_MS, (options) =>
      this.connection.agent.request(acp.methods.agent.session.new, { cwd, mcpServers: [] }, options),
    );
    const session = sessionId;
    const listener: Listener = { message: undefined, text: "", refused: undefined, onUpdate };
    this.listeners.set(sessionId, listener);
    try {
      for (const [configId, value] of [
        // As `opencode run` does it: an agent that is not there is its default one. A model that is not there is an error.
        ["mode", agent !== undefined && offers(configOptions, "mode", agent) ? agent : undefined],
        ["model", model],
      ] as const) {
        if (value === undefined) continue;
        await this.call(`take ${value}`, CALL_LIMIT_MS, (options) =>
          this.connection.agent.request(
            acp.methods.agent.session.setConfigOption,
            { sessionId, configId, value },
            options,
          ),
        );
      }
      const answer = await this.prompted(sessionId, prompt, signal);
      const { stopReason } = answer;
      const tokens = tokensOf(answer);
      const { text, refused } = listener;
      if (stopReason !== "end_turn") return { text, session, tokens, error: `OpenCode stopped: ${stopReason}` };
      if (text === "" && refused !== undefined)
        return {
          text,
          session,
          tokens,
          error: `Nobody was there to allow "${refused}": it was refused, which ended the work.`,
        };
      return { text, session, tokens };
    } catch (error) {
      if (signal.aborted || error instanceof ServerLostError) throw error;
      if (!(error instanceof acp.RequestError))
        throw new ServerLostError(`opencode acp went away: ${messageOf(error)}`);
      // A request that was answered with an error: the process is well, the model or the session is not.
      const words = error.message.replace(/^Internal error: /, "");
      return { text: listener.text, session, tokens: { input: 0, output: 0, cached: 0 }, error: words };
    } finally {
      this.listeners.delete(sessionId);
      if (!this.gone) void this.forget(sessionId);
    }
  }

  private async prompted(sessionId: string, text: string, signal: AbortSignal): Promise<acp.PromptResponse> {
    const { agent } = this.connection;
    const done = new AbortController();
    const answer = agent.request(acp.methods.agent.session.prompt, { sessionId, prompt: [{ type: "text", text }] });
    const settled = answer.then(
      () => undefined,
      () => undefined,
    );
    const aborted = new Promise<never>((_, reject) => {
      const cancel = async () => {
        await agent.notify(acp.methods.agent.session.cancel, { sessionId });
        const limit = sleep(CANCEL_LIMIT_MS, "deaf" as const, { signal: done.signal, ref: false });
        if ((await Promise.race([settled, this.lost, limit])) === "deaf") await this.options.kill();
      };
      const onAbort = () =>
        void cancel().then(
          () => reject(signal.reason),
          () => reject(signal.reason),
        );
      signal.addEventListener("abort", onAbort, { once: true, signal: done.signal });
      if (signal.aborted) onAbort();
    });
    // After the answer its rejection is nobody's.
    aborted.catch(() => undefined);
    void this.watch(done.signal);
    try {
      // A cancelled prompt ends as if it had been answered: what counts then is the abort.
      const ended = await Promise.race([answer, this.lost, aborted]);
      return signal.aborted ? await aborted : ended;
    } finally {
      done.abort();
    }
  }

  /** While a prompt is worked on: a process that no longer answers is ended, so that its prompts go elsewhere. */
  private async watch(signal: AbortSignal): Promise<void> {
    const { healthEveryMs, healthTimeoutMs, kill } = this.options;
    while (!signal.aborted && !this.gone) {
      try {
        await sleep(healthEveryMs, undefined, { signal, ref: false });
        await this.call("say how it is", healthTimeoutMs, (options) =>
          this.connection.agent.request(acp.methods.agent.session.list, {}, options),
        );
      } catch (error) {
        if (signal.aborted || error instanceof acp.RequestError) continue;
        await kill();
      }
    }
  }

  private async forget(sessionId: string): Promise<void> {
    try {
      await this.call("close the session", CALL_LIMIT_MS, (options) =>
        this.connection.agent.request(acp.methods.agent.session.close, { sessionId }, options),
      );
    } catch (error) {
      // It goes with the process; one that is gone has closed it already.
      if (!(error instanceof ServerLostError) && !(error instanceof acp.RequestError)) throw error;
    }
  }

  private refuse({ sessionId, toolCall, options }: acp.RequestPermissionRequest): acp.RequestPermissionResponse {
    const title = toolCall.title ?? toolCall.toolCallId;
    const listener = this.listeners.get(sessionId);
    if (listener) listener.refused = title;
    listener?.onUpdate({ kind: "refused", title });
    const no =
      options.find(({ kind }) => kind === "reject_once") ?? options.find(({ kind }) => kind === "reject_always");
    return { outcome: no ? { outcome: "selected", optionId: no.optionId } : { outcome: "cancelled" } };
  }

  private heard({ sessionId, update }: acp.SessionNotification): void {
    const listener = this.listeners.get(sessionId);
    const told = listener && updateOf(update);
    if (!told) return;
    if (told.kind === "text") listener.text = told.message === listener.message ? listener.text + told.text : told.text;
    if (told.kind === "text") listener.message = told.message;
    listener.onUpdate(told);
  }

  private async call<T>(
    what: string,
    limitMs: number,
    run: (options: { cancellationSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const limit = new TimeLimit(limitMs);
    try {
      return await limit.race(Promise.race([run({ cancellationSignal: limit.signal }), this.lost]));
    } catch (error) {
      if (limit.expired) throw new ServerLostError(`opencode acp did not answer (${what}) within ${limitMs / 1000} s`);
      if (error instanceof ServerLostError || error instanceof acp.RequestError) throw error;
      throw new ServerLostError(`opencode acp did not answer (${what}): ${messageOf(error)}`);
    } finally {
      limit.clear();
    }
  }
}

function offers(options: readonly acp.SessionConfigOption[] | null | undefined, id: string, value: string): boolean {
  const option = options?.find((each) => each.id === id);
  if (option?.type !== "select") return false;
  return option.options.some((each) =>
    "options" in each ? each.options.some((one) => one.value === value) : each.value === value,
  );
}

/** Not yet part of the protocol's stable half, but told by OpenCode: those of the last model request. */
const usageSchema = z.object({
  inputTokens: z.number().default(0),
  outputTokens: z.number().default(0),
  thoughtTokens: z.number().default(0),
  cachedReadTokens: z.number().default(0),
  cachedWriteTokens: z.number().default(0),
});

function tokensOf(answer: acp.PromptResponse): RunTokens {
  const { data: usage } = usageSchema.safeParse("usage" in answer ? answer.usage : undefined);
  if (usage === undefined) return { input: 0, output: 0, cached: 0 };
  const { inputTokens, outputTokens, thoughtTokens, cachedReadTokens, cachedWriteTokens } = usage;
  return {
    input: inputTokens + cachedReadTokens + cachedWriteTokens,
    output: outputTokens + thoughtTokens,
    cached: cachedReadTokens,
  };
}

interface AcpOptions {
  output: WritableStream<Uint8Array>;
  input: ReadableStream<Uint8Array>;
  projectDir: string;
  ended: Promise<void>;
  /** At once, with everything it started. */
  kill(): Promise<void>;
  healthEveryMs: number;
  healthTimeoutMs: number;
}
