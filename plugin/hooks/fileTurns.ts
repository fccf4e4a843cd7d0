/** Tools that find out where a path leads before they use it: a link that turned in between would lead them elsewhere. */
const FILE_TOOLS: ReadonlySet<string> = new Set([
  "read",
  "glob",
  "grep",
  "edit",
  "write",
  "apply_patch",
  "report_result",
]);

interface InFlight {
  shells: Set<string>;
  files: Set<string>;
  waiting: Set<() => void>;
  /** Counts turns of the session: whoever waited across the end of one must not go on. */
  turn: number;
}

/**
 * Keeps a session's shell and its file tools apart. The host runs the calls of one turn side by side and its file tools
 * run outside the sandbox, so a shell loop that turns a directory into a link and back could otherwise carry a judged
 * write anywhere. Calls of the same kind still run together.
 */
export class FileTurns {
  private readonly sessions = new Map<string, InFlight>();

  /** Waits until the call may run. @throws where the turn ended meanwhile. */
  async enter(session: string, call: string, tool: string): Promise<void> {
    const isShell = tool === "bash";
    if (!isShell && !FILE_TOOLS.has(tool)) return;
    const flight = this.of(session);
    const { turn } = flight;
    const others = isShell ? flight.files : flight.shells;
    while (others.size > 0) {
      await new Promise<void>((resolve) => flight.waiting.add(resolve));
      if (flight.turn !== turn) throw new Error("The turn ended before this call could run.\nNext step: stop here.");
    }
    (isShell ? flight.shells : flight.files).add(call);
  }

  leave(session: string, call: string): void {
    const flight = this.sessions.get(session);
    if (!flight) return;
    const was = flight.shells.delete(call) || flight.files.delete(call);
    if (was) wake(flight);
  }

  /** The session's turn is over: nothing of it runs any more. */
  clear(session: string): void {
    const flight = this.sessions.get(session);
    if (!flight) return;
    this.sessions.delete(session);
    flight.turn += 1;
    wake(flight);
  }

  private of(session: string): InFlight {
    const known = this.sessions.get(session);
    if (known) return known;
    const fresh: InFlight = { shells: new Set(), files: new Set(), waiting: new Set(), turn: 0 };
    this.sessions.set(session, fresh);
    return fresh;
  }
}

function wake(flight: InFlight): void {
  const waiting = [...flight.waiting];
  flight.waiting.clear();
  for (const resume of waiting) resume();
}
