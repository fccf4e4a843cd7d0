import type { Tokens } from "../core/workflow/model.ts";

export interface PermissionRule {
  permission: string;
  pattern: string;
  action: "allow" | "deny";
}

export interface SessionInfo {
  id: string;
  parent?: string;
  agent?: string;
  title: string;
}

/** The host's chat sessions. Every call has a time limit of its own; none waits for a model. */
export interface Sessions {
  create(options: {
    parent: string;
    title: string;
    agent: string;
    permission: readonly PermissionRule[];
    metadata: Readonly<Record<string, string>>;
  }): Promise<string>;
  /** Starts a turn with `text` marked as not typed by a person. Resolves when the host took it, not when the turn ends. */
  prompt(session: string, options: { agent: string; text: string }): Promise<void>;
  /** Starts a turn for the last message of exactly this text, which is there already; does nothing where there is none. */
  promptAgain(session: string, options: { agent: string; text: string }): Promise<void>;
  /** Whether it was ever given a message of exactly this text, and whether something was answered after it. */
  heard(session: string, text: string): Promise<"no" | "unanswered" | "answered">;
  abort(session: string): Promise<void>;
  /** Gives a session another title; people see it in the list of sessions. */
  rename(session: string, title: string): Promise<void>;
  /** undefined where the session does not exist (any more). */
  info(session: string): Promise<SessionInfo | undefined>;
  /** Whether anything was ever said in it. */
  hasMessages(session: string): Promise<boolean>;
  /** Text of the first message it was given, "" where there is none; the host's shortening of the session takes none away. */
  firstWords(session: string): Promise<string>;
  /** Text of the last assistant message, "" where there is none. */
  lastWords(session: string): Promise<string>;
  /** Whether its last message is a whole answer: words, and nothing that still has to run. */
  hasAnswered(session: string): Promise<boolean>;
  /** What all its answers took so far. */
  tokens(session: string): Promise<Tokens>;
  /** Hears what an answer took when it has ended, once each: `tokens` need not read a session that was made here. */
  counted(session: string, tokens: Tokens): void;
  /** Answers a permission question with no; `reason` goes to the model. */
  rejectPermission(request: string, reason: string): Promise<void>;
  /** Names of the agents the host knows in this project. */
  agents(): Promise<readonly string[]>;
  /** Makes the host end this instance of the project, all its turns with it, and begin a new one. */
  reload(): Promise<void>;
  /** A short notice on the person's screen; lost where there is none. */
  notice(message: string, level: "info" | "warning"): Promise<void>;
}
