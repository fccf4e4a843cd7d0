import type { SwarmEvent } from "../core/workflow/events.ts";

/** The swarms' logs of one project. Append-only; an appended event survives a crash of this process and of the machine. */
export interface EventLogs {
  /** Ids of all swarms of this project, oldest first. */
  list(): Promise<readonly string[]>;
  /** Events of one swarm in order; a torn last line is dropped. Throws CorruptLogError for a bad line elsewhere. */
  read(id: string): Promise<readonly SwarmEvent[]>;
  /** Resolves once the events are on disk. Throws if they cannot be written; then none of them counts. */
  append(id: string, events: readonly SwarmEvent[]): Promise<void>;
}

/** The directory of an open swarm was moved or removed under it. */
export class LogGoneError extends Error {
  override readonly name = "LogGoneError";

  constructor(what: string) {
    super(
      `${what} is gone: .aegis was moved or removed. Put it back where it was, or start OpenCode again to begin anew.`,
    );
  }
}

export class CorruptLogError extends Error {
  override readonly name = "CorruptLogError";
  readonly file: string;
  readonly line: number;

  constructor(file: string, line: number, detail: string) {
    super(
      `The event log ${file} cannot be read: line ${line} is damaged (${detail}). ` +
        "Keep a copy, cut the file before that line, and run `oh-my-qwencoder swarm status` again.",
    );
    this.file = file;
    this.line = line;
  }
}
