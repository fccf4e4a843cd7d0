import { z } from "zod";
import { WRITE_TOOLS } from "../../src/core/roles.ts";
import { callWords } from "../../src/core/view/callWords.ts";
import { refusal, renderRefusal } from "../../src/core/workflow/refusal.ts";
import { submit } from "../../src/runtime/commands.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import type { SessionActor } from "../sessionRoles.ts";
import type { SessionPlace } from "./sessionPlace.ts";
import type { ShellCalls } from "./shellCalls.ts";
import { landingPath, namedPaths } from "./writtenPaths.ts";

const bashArgs = z.looseObject({ command: z.string() });
const bashResult = z.looseObject({ exit: z.number().nullish() });

type Acting = Exclude<SessionActor, { role: "none" | "replaced" }>;

/** What a call found before it ran: compared afterwards to know what it changed. */
interface Before {
  fingerprint?: Promise<string>;
  tree?: Promise<string>;
}

/** Records what swarm sessions' tool calls did: who wrote which path, which checks ran on which files. */
export class ToolEffects {
  private readonly before = new Map<string, Before>();
  private readonly services: SwarmServices;
  private readonly shells: ShellCalls;

  constructor(services: SwarmServices, shells: ShellCalls) {
    this.services = services;
    this.shells = shells;
  }

  async starting(actor: Acting, tool: string, call: string, args: unknown): Promise<void> {
    const { swarm, git, live, trees } = this.services;
    if (actor.role === "worker") {
      const { id } = actor.worker.assignment;
      live.set(id, { ...live.get(id), doing: callWords(tool, args) });
    }
    if (tool !== "bash" || !swarm.state) return;
    if (actor.role === "worker") {
      this.before.set(call, { fingerprint: noticed(trees.fingerprint(actor.worker)) });
      // A command after it wrote something is its own check, until it writes again.
      if (actor.worker.status === "implementing") {
        await submit(this.services, { type: "worker_advanced", worker: actor.worker.assignment.id, stage: "self-qa" });
      }
    } else if (actor.role === "commander" && mayWrite(swarm.state.phase)) {
      this.before.set(call, { tree: noticed(git.snapshot()) });
    }
  }

  /** Resolves once what was there before the call is known: it is looked up while the sandbox is prepared. */
  async seenBefore(call: string | undefined): Promise<void> {
    // Without the id nothing could be settled or compared after the command: it must not run.
    if (call === undefined) throw new Error("the host named no call for this command.");
    const before = this.before.get(call);
    await Promise.all([before?.fingerprint, before?.tree]);
  }

  /** @returns a note for the model, where the call left something outside its scope. */
  async ended(
    actor: Acting,
    tool: string,
    call: string,
    args: unknown,
    metadata: unknown,
    place: SessionPlace,
  ): Promise<string | undefined> {
    if (WRITE_TOOLS.includes(tool)) await this.wrote(actor, tool, args, place);
    if (tool !== "bash") return undefined;
    const strayed = await this.shells.settle(call);
    const before = this.before.get(call);
    this.before.delete(call);
    if (actor.role === "worker") await this.workerShell(actor, args, metadata, before);
    if (actor.role === "commander" && before?.tree !== undefined) await this.commanderShell(await before.tree);
    if (strayed.length === 0) return undefined;
    if (actor.role === "worker") {
      const worker = actor.worker.assignment.id;
      await submit(this.services, { type: "worker_strayed", worker, paths: strayed, how: "bash" });
    }
    const happened = `taken back, because it lies outside what this session may write: ${strayed.join(", ")}.`;
    return renderRefusal(refusal("out-of-scope", happened, "write inside your scope."));
  }

  /** A call that ended in an error or an abort: the host asks nobody afterwards, and yet it may have written. */
  async failed(call: string): Promise<void> {
    this.before.delete(call);
    const strayed = await this.shells.settle(call);
    if (strayed.length > 0) this.services.log(`taken back from a call that failed: ${strayed.join(", ")}`);
  }

  private async wrote(actor: Acting, tool: string, args: unknown, place: SessionPlace): Promise<void> {
    const landed = (namedPaths(tool, args) ?? []).map((name) => landingPath(place.root, "/", place.resolve(name)));
    const paths = landed.filter((path) => path !== undefined);
    if (actor.role === "commander") await submit(this.services, { type: "commander_wrote", paths });
    if (actor.role === "worker")
      await submit(this.services, { type: "worker_wrote", worker: actor.worker.assignment.id, paths });
  }

  /** A check counts only if the files were the same before and after it: then its result belongs to them. */
  private async workerShell(
    actor: Extract<Acting, { role: "worker" }>,
    args: unknown,
    metadata: unknown,
    before: Before | undefined,
  ): Promise<void> {
    const { trees, swarm } = this.services;
    const parsed = bashArgs.safeParse(args);
    const result = bashResult.safeParse(metadata);
    const exit = result.success ? (result.data.exit ?? undefined) : undefined;
    if (!parsed.success || exit === undefined || before?.fingerprint === undefined || !swarm.state) return;
    const worker = actor.worker.assignment.id;
    const fingerprint = await trees.fingerprint(actor.worker);
    if (fingerprint !== (await before.fingerprint)) {
      await submit(this.services, { type: "worker_wrote", worker, paths: [] });
      return;
    }
    await submit(this.services, {
      type: "worker_qa_ran",
      worker,
      command: parsed.data.command.trim(),
      exit,
      fingerprint,
    });
  }

  private async commanderShell(tree: string): Promise<void> {
    const { git, swarm } = this.services;
    const changed = await git.changed(tree, await git.snapshot());
    const dirty = new Set(swarm.state?.dirty);
    const paths = changed.map((change) => change.path).filter((path) => !dirty.has(path));
    await submit(this.services, { type: "commander_wrote", paths });
  }
}

/** A look-up that fails before anybody waits for it is no crash: whoever awaits it later still gets the error. */
function noticed<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

function mayWrite(phase: string): boolean {
  return phase === "foundation" || phase === "integrate" || phase === "final-qa";
}
