import type { OpencodeClient, Part } from "@opencode-ai/sdk/v2/client";
import { createOpencodeClient } from "@opencode-ai/sdk/v2/client";
import { addedTokens, type Tokens } from "../../core/workflow/model.ts";
import type { PermissionRule, SessionInfo, Sessions } from "../../ports/sessions.ts";

/** Longest wait for any answer of OpenCode's own server (ms): it runs in the same process, so seconds mean it hangs. */
const CALL_LIMIT_MS = 15_000;

export class HostCallError extends Error {
  override readonly name = "HostCallError";
}

/** OpenCode's sessions through its SDK. `fetchIn` is the in-process transport a plugin is given. */
export class OpenCodeSessions implements Sessions {
  private readonly client: OpencodeClient;
  /** Of the sessions that this object made: reading one again means all its messages, with every file it read. */
  private readonly tallies = new Map<string, Tokens>();

  constructor(options: { baseUrl: string; directory: string; fetch: typeof fetch; headers?: Record<string, string> }) {
    this.client = createOpencodeClient(options);
  }

  async create(options: {
    parent: string;
    title: string;
    agent: string;
    permission: readonly PermissionRule[];
    metadata: Readonly<Record<string, string>>;
  }): Promise<string> {
    const { parent, title, agent, permission, metadata } = options;
    const session = await this.call("create a session", () =>
      this.client.session.create({
        parentID: parent,
        title,
        agent,
        permission: [...permission],
        metadata: { ...metadata },
      }),
    );
    this.tallies.set(session.id, { input: 0, output: 0, cached: 0 });
    return session.id;
  }

  async prompt(session: string, options: { agent: string; text: string }): Promise<void> {
    await this.call(`prompt session ${session}`, () =>
      this.client.session.promptAsync({
        sessionID: session,
        agent: options.agent,
        parts: [{ type: "text", text: options.text, synthetic: true }],
      }),
    );
  }

  async promptAgain(session: string, { agent, text }: { agent: string; text: string }): Promise<void> {
    const [given] = await this.sinceGiven(session, text);
    const part = given?.parts.find(({ type }) => type === "text");
    if (!given || !part) return;
    // A message under the id of one that is there takes its place.
    await this.call(`prompt session ${session} again`, () =>
      this.client.session.promptAsync({
        ...{ sessionID: session, messageID: given.info.id, agent },
        parts: [{ id: part.id, type: "text", text, synthetic: true }],
      }),
    );
  }

  async heard(session: string, text: string): Promise<"no" | "unanswered" | "answered"> {
    const [given, ...after] = await this.sinceGiven(session, text);
    if (!given) return "no";
    return after.some(({ info }) => info.role === "assistant") ? "answered" : "unanswered";
  }

  async abort(session: string): Promise<void> {
    await this.call(`abort session ${session}`, () => this.client.session.abort({ sessionID: session }));
  }

  async rename(session: string, title: string): Promise<void> {
    await this.call(`rename session ${session}`, () => this.client.session.update({ sessionID: session, title }));
  }

  async info(session: string): Promise<SessionInfo | undefined> {
    const answer = await this.limited(`read session ${session}`, () => this.client.session.get({ sessionID: session }));
    if (answer.response?.status === 404) return undefined;
    const { id, parentID, agent, title } = this.dataOf(answer, `read session ${session}`);
    return { id, title, ...(parentID ? { parent: parentID } : {}), ...(agent ? { agent } : {}) };
  }

  async hasMessages(session: string): Promise<boolean> {
    const messages = await this.call(`read messages of ${session}`, () =>
      this.client.session.messages({ sessionID: session, limit: 1 }),
    );
    return messages.length > 0;
  }

  async firstWords(session: string): Promise<string> {
    const messages = await this.call(`read messages of ${session}`, () =>
      this.client.session.messages({ sessionID: session }),
    );
    const first = messages.find(
      ({ info, parts }) => info.role === "user" && !parts.some(({ type }) => type === "compaction"),
    );
    return first ? textOf(first.parts) : "";
  }

  async lastWords(session: string): Promise<string> {
    // Mostly it stands in the newest message: all of a long session weighs megabytes.
    for (const limit of [1, undefined]) {
      const messages = await this.call(`read messages of ${session}`, () =>
        this.client.session.messages({ sessionID: session, ...(limit === undefined ? {} : { limit }) }),
      );
      const said = messages.flatMap(({ info, parts }) => (info.role === "assistant" ? [textOf(parts)] : []));
      const last = said.findLast((text) => text !== "");
      if (last !== undefined) return last;
    }
    return "";
  }

  async hasAnswered(session: string): Promise<boolean> {
    const [last] = await this.call(`read messages of ${session}`, () =>
      this.client.session.messages({ sessionID: session, limit: 1 }),
    );
    if (last?.info.role !== "assistant" || last.info.error !== undefined || last.info.finish !== "stop") return false;
    return (
      last.info.time.completed !== undefined && last.parts.some((part) => part.type === "text" && part.text !== "")
    );
  }

  counted(session: string, tokens: Tokens): void {
    const before = this.tallies.get(session);
    if (before) this.tallies.set(session, addedTokens(before, tokens));
  }

  async tokens(session: string): Promise<Tokens> {
    const tally = this.tallies.get(session);
    if (tally) return tally;
    const messages = await this.call(`read messages of ${session}`, () =>
      this.client.session.messages({ sessionID: session }),
    );
    return messages
      .flatMap(({ info }) => (info.role === "assistant" ? [info.tokens] : []))
      .map(({ input, output, cache }) => ({ input: input + cache.read, output, cached: cache.read }))
      .reduce(addedTokens, { input: 0, output: 0, cached: 0 });
  }

  async rejectPermission(request: string, reason: string): Promise<void> {
    await this.call(`refuse permission ${request}`, () =>
      this.client.permission.reply({ requestID: request, reply: "reject", message: reason }),
    );
  }

  async agents(): Promise<readonly string[]> {
    return (await this.call("list the agents", () => this.client.app.agents())).map(({ name }) => name);
  }

  async reload(): Promise<void> {
    await this.call("end the instance", () => this.client.instance.dispose());
    // The next request is what begins the new one.
    await this.call("begin an instance", () => this.client.session.list({ limit: 1 }));
  }

  async notice(message: string, level: "info" | "warning"): Promise<void> {
    await this.call("show a notice", () => this.client.tui.showToast({ message, variant: level, title: "Aegis" }));
  }

  /** The last message of exactly this text that was given to a session, and what came after it. */
  private async sinceGiven(session: string, text: string) {
    const messages = await this.call(`read messages of ${session}`, () =>
      this.client.session.messages({ sessionID: session }),
    );
    const at = messages.findLastIndex(({ info, parts }) => info.role === "user" && textOf(parts) === text.trim());
    return at < 0 ? [] : messages.slice(at);
  }

  private async call<T>(what: string, send: () => Promise<Answer<T>>): Promise<T> {
    return this.dataOf(await this.limited(what, send), what);
  }

  private dataOf<T>(answer: Answer<T>, what: string): T {
    // A 400 resolves as a value: without this look a Worker that never started would count as running.
    if (answer.error !== undefined || (answer.response && !answer.response.ok)) {
      const detail =
        typeof answer.error === "string" ? answer.error : JSON.stringify(answer.error ?? answer.response?.status);
      throw new HostCallError(`OpenCode could not ${what}: ${detail}`);
    }
    return answer.data as T;
  }

  private async limited<T>(what: string, send: () => Promise<Answer<T>>): Promise<Answer<T>> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new HostCallError(`OpenCode did not ${what} within ${CALL_LIMIT_MS / 1000} s.`)),
        CALL_LIMIT_MS,
      );
    });
    try {
      return await Promise.race([send(), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function textOf(parts: readonly Part[]): string {
  return parts
    .flatMap((part) => (part.type === "text" ? [part.text] : []))
    .join("\n")
    .trim();
}

interface Answer<T> {
  data?: T | undefined;
  error?: unknown;
  response?: { ok: boolean; status: number } | undefined;
}
