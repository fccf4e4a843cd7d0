import { shellScope } from "../../src/core/workflow/writeGate.ts";
import type { SandboxRole } from "../../src/ports/sandbox.ts";
import { messageOf } from "../../src/ports/thrown.ts";
import { privateId } from "../../src/runtime/privateId.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import type { SessionActor } from "../sessionRoles.ts";

interface OpenCall {
  owner: string;
  settle(): Promise<readonly string[]>;
  /** What the end of another call of the same owner took back while this one was open: it may be this one's. */
  taken: Set<string>;
}

/** The bash calls that are running, by call id: what was prepared for each has to be settled after it. */
export class ShellCalls {
  private readonly open = new Map<string, OpenCall>();
  /** The last settling of each owner: two at once would each see a part of what was written. */
  private readonly settling = new Map<string, Promise<unknown>>();
  private readonly services: SwarmServices;

  constructor(services: SwarmServices) {
    this.services = services;
  }

  /** Environment for the wrapper; the command starts in `cwd` (as the session sees it) where one is given. Where it cannot be prepared the wrapper is told to refuse: never a shell without limits. */
  async prepare(
    actor: Exclude<SessionActor, { role: "none" }>,
    call: string | undefined,
    cwd?: string,
  ): Promise<Record<string, string>> {
    const { sandbox, swarm, projectDir, trees } = this.services;
    if (actor.role === "replaced") return deny("this session's Worker goes on elsewhere", "Stop here.");
    try {
      const { scope, except } = shellScope(swarm.state, actor);
      const role: SandboxRole = actor.role;
      const owner = actor.role === "worker" ? actor.worker.assignment.id : actor.role;
      const dir = actor.role === "worker" ? trees.dirOf(actor.worker) : undefined;
      const prepared = await sandbox.prepare({
        role,
        projectDir,
        scope,
        except,
        ...(dir === undefined ? {} : { worktree: { dir, shown: await trees.shown() } }),
        ...(cwd === undefined ? {} : { cwd }),
        privateId: privateId(swarm.state?.id, owner),
      });
      if (call !== undefined) this.open.set(call, { owner, settle: () => prepared.settle(), taken: new Set() });
      return prepared.env;
    } catch (error) {
      this.services.log("sandbox could not be prepared", error);
      return deny(messageOf(error), "Tell the Commander; use edit and write meanwhile.");
    }
  }

  /**
   * Paths that a call wrote outside its scope and that were taken back. What calls of one owner wrote side by side is told to
   * each of them: the disk does not say whose it was.
   */
  async settle(call: string): Promise<readonly string[]> {
    const open = this.open.get(call);
    if (!open) return [];
    const before = this.settling.get(open.owner) ?? Promise.resolve();
    const settled = before.catch(() => undefined).then(() => this.settleNow(call, open));
    this.settling.set(open.owner, settled);
    return settled;
  }

  private async settleNow(call: string, open: OpenCall): Promise<readonly string[]> {
    this.open.delete(call);
    const paths = await open.settle();
    for (const other of this.open.values())
      if (other.owner === open.owner) for (const path of paths) other.taken.add(path);
    return [...new Set([...paths, ...open.taken])].sort();
  }
}

function deny(reason: string, mend: string): Record<string, string> {
  return { AEGIS_SANDBOX: "deny", AEGIS_SANDBOX_REASON: reason, AEGIS_SANDBOX_MEND: mend };
}
