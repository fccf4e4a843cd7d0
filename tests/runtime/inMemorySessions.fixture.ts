import { addedTokens, type Tokens } from "../../src/core/workflow/model.ts";
import type { SessionInfo, Sessions } from "../../src/ports/sessions.ts";

/** Sessions kept in memory, with every call noted in order. No model answers: a test plays the turns itself. */
export class InMemorySessions implements Sessions {
  readonly calls: string[] = [];
  readonly prompts: { session: string; agent: string; text: string }[] = [];
  readonly known = new Map<string, SessionInfo>();
  /** Set to make the next `create` fail as a host that is down does. */
  createFails: string | undefined;
  /** Sessions whose last message is a whole answer. */
  readonly answered = new Set<string>();
  private readonly tallies = new Map<string, Tokens>();
  knownAgents: readonly string[] = ["commander", "worker", "scout", "librarian"];
  onPrompt: (session: string) => void = () => undefined;

  async create(options: Parameters<Sessions["create"]>[0]): Promise<string> {
    if (this.createFails !== undefined) throw new Error(this.createFails);
    const id = `ses-${this.known.size + 1}`;
    this.known.set(id, { id, parent: options.parent, agent: options.agent, title: options.title });
    this.calls.push(`create ${options.title}`);
    return id;
  }

  async prompt(session: string, options: { agent: string; text: string }): Promise<void> {
    this.prompts.push({ session, ...options });
    this.calls.push(`prompt ${session}`);
    this.onPrompt(session);
  }

  async promptAgain(session: string): Promise<void> {
    this.calls.push(`prompt ${session} again`);
    this.onPrompt(session);
  }

  async heard(session: string, text: string): Promise<"no" | "unanswered" | "answered"> {
    if (!this.prompts.some((prompt) => prompt.session === session && prompt.text === text)) return "no";
    return this.answered.has(session) ? "answered" : "unanswered";
  }

  async abort(session: string): Promise<void> {
    this.calls.push(`abort ${session}`);
  }

  async rename(session: string, title: string): Promise<void> {
    const info = this.known.get(session);
    if (info) this.known.set(session, { ...info, title });
    this.calls.push(`rename ${session} ${title}`);
  }

  async info(session: string): Promise<SessionInfo | undefined> {
    return this.known.get(session);
  }

  async hasMessages(session: string): Promise<boolean> {
    return this.prompts.some((prompt) => prompt.session === session);
  }

  async firstWords(session: string): Promise<string> {
    return this.prompts.find((prompt) => prompt.session === session)?.text ?? "";
  }

  async lastWords(): Promise<string> {
    return "I am not sure";
  }

  async hasAnswered(session: string): Promise<boolean> {
    return this.answered.has(session);
  }

  /** As told by `counted`; without it a little, so that a sum can be seen. */
  async tokens(session = "") {
    return this.tallies.get(session) ?? { input: 1, output: 2, cached: 0 };
  }

  counted(session: string, tokens: Tokens): void {
    this.tallies.set(session, addedTokens(this.tallies.get(session) ?? { input: 0, output: 0, cached: 0 }, tokens));
  }

  async rejectPermission(): Promise<void> {
    this.calls.push("reject");
  }

  async agents(): Promise<readonly string[]> {
    this.calls.push("agents");
    return this.knownAgents;
  }

  async reload(): Promise<void> {
    this.calls.push("reload");
  }

  async notice(message: string): Promise<void> {
    this.calls.push(`notice ${message}`);
  }
}
