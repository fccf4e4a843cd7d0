import type { Sessions } from "../../src/ports/sessions.ts";

const MARK = " · waiting for the GPU";

/** Says in a session's title that it waits for the GPU, and takes that back. Titles change one after the other. */
export class WaitingTitles {
  private readonly sessions: Pick<Sessions, "info" | "rename">;
  private readonly log: (message: string, error?: unknown) => void;
  /** What a session's title shall say, for those whose title is being changed. */
  private readonly wanted = new Map<string, number | undefined>();
  private readonly shown = new Set<string>();

  constructor(sessions: Pick<Sessions, "info" | "rename">, log: (message: string, error?: unknown) => void) {
    this.sessions = sessions;
    this.log = log;
  }

  /** `ahead` requests go before this session's; undefined when it waits no more. */
  waits(session: string, ahead: number | undefined): void {
    const busy = this.wanted.has(session);
    this.wanted.set(session, ahead);
    if (!busy) void this.write(session);
  }

  private async write(session: string): Promise<void> {
    for (;;) {
      const ahead = this.wanted.get(session);
      try {
        await this.put(session, ahead);
      } catch (error) {
        this.log("the title of a waiting session could not be changed", error);
      }
      if (this.wanted.get(session) !== ahead) continue;
      this.wanted.delete(session);
      return;
    }
  }

  private async put(session: string, ahead: number | undefined): Promise<void> {
    if (ahead === undefined && !this.shown.has(session)) return;
    const info = await this.sessions.info(session);
    if (!info) return;
    const [plain = info.title] = info.title.split(MARK);
    const title = ahead === undefined ? plain : `${plain}${MARK} (${ahead} ahead)`;
    if (title !== info.title) await this.sessions.rename(session, title);
    if (ahead === undefined) this.shown.delete(session);
    else this.shown.add(session);
  }
}
