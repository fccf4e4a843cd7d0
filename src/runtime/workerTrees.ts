import path from "node:path";
import { compileScope, FROM_GIT } from "../core/scope/contains.ts";
import type { Swarm, Worker } from "../core/workflow/state.ts";
import { findWorker, isOver, mergeable } from "../core/workflow/state.ts";
import type { Git } from "../ports/git.ts";
import { messageOf } from "../ports/thrown.ts";
import type { TreePlace, Worktrees } from "../ports/worktrees.ts";
import { submit } from "./commands.ts";
import type { Integration, OwnTrees } from "./ownTrees.ts";
import { ScopeFingerprints } from "./scopeFingerprint.ts";
import type { SwarmServices } from "./services.ts";

/** How often a merge is made anew because files of the project changed while it was made. */
const MERGE_TRIES = 3;
/** Longest wait for a Worker's turn to end before its tree is put away (ms), and how often it is looked at. */
const END_LIMIT_MS = 10_000;
const LOOK_MS = 100;

type Needs = Pick<SwarmServices, "swarm" | "lease" | "now" | "git" | "projectDir" | "turns" | "log">;

/** Git worktrees below `.aegis/worktrees`, one a Worker, with what the swarm's log says of them. */
export class WorkerTrees implements OwnTrees {
  private readonly services: Needs;
  private readonly trees: Worktrees;
  private readonly gitAt: (dir: string) => Git;
  private readonly fingerprints = new ScopeFingerprints();
  private readonly gits = new Map<string, Git>();
  private shownEntries: Promise<{ path: string; isDirectory: boolean }[]> | undefined;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(services: Needs, trees: Worktrees, gitAt: (dir: string) => Git) {
    this.services = services;
    this.trees = trees;
    this.gitAt = gitAt;
  }

  async obstacle(state: Swarm, count: number) {
    const root = path.join(this.services.projectDir, ".aegis", "worktrees");
    return state.baseline ? this.trees.obstacle(root, state.baseline.tree, count) : undefined;
  }

  gitOf(worker: Worker): Git {
    const dir = this.dirOf(worker);
    if (dir === undefined) return this.services.git;
    const known = this.gits.get(dir) ?? this.gitAt(dir);
    this.gits.set(dir, known);
    return known;
  }

  async fingerprint(worker: Worker): Promise<string> {
    return this.fingerprints.of(this.gitOf(worker), worker.assignment);
  }

  dirOf(worker: Worker): string | undefined {
    return worker.worktree && !worker.worktree.closed ? this.placeOf(worker.worktree).dir : undefined;
  }

  async shown(): Promise<readonly { path: string; isDirectory: boolean }[]> {
    this.shownEntries ??= this.trees.ignoredEntries();
    return this.shownEntries;
  }

  open(state: Swarm, worker: Worker): Promise<void> {
    return this.inOrder(async () => {
      const { id, fileScope } = worker.assignment;
      this.shownEntries = undefined;
      const known = worker.worktree;
      const place = known ? this.placeOf(known) : this.newPlace(state, id);
      // A present tree may hold what was written since it was saved last.
      if (known && (await this.trees.isOpen(place))) await this.saveNow(worker);
      const fresh = this.services.swarm.state ?? state;
      const own = findWorker(fresh, id)?.worktree?.saved;
      const inScope = compileScope(fileScope, FROM_GIT);
      const others = mergeable(fresh).filter((each) => each.worker.assignment.id !== id);
      const { commit, left } = await this.mergeAll(await this.present(fresh), others);
      const mine = left.filter(({ paths }) => paths.every(inScope)).map(({ commit: theirs }) => theirs);
      const wanted = own === undefined || own === known?.start ? mine : [...mine, own];
      let [start, carries] = [commit, [] as string[]];
      for (const theirs of wanted) {
        const merge = await this.trees.merge(start, theirs, `aegis: ${id} starts from`);
        if (merge.clean) start = merge.commit;
        else {
          start = await this.trees.commit(merge.tree, [start, theirs], `aegis: conflict for ${id}`);
          carries = [...new Set([...carries, ...merge.paths])];
        }
      }
      await this.trees.open(place, start);
      const dir = path.relative(this.services.projectDir, place.dir).split(path.sep).join("/");
      const fact = { type: "worktree_opened", worker: id, dir, branch: place.branch, start, carries } as const;
      const opened = await submit(this.services, fact);
      // Cancelled while its tree was made: nobody knows of the tree, so nobody else would put it away.
      if (!known && !(opened.ok && opened.events.length > 0)) await this.trees.close(place, true);
    });
  }

  ensure(worker: Worker): Promise<boolean> {
    const { worktree } = worker;
    return worktree ? this.inOrder(() => this.trees.reopen(this.placeOf(worktree))) : Promise.resolve(true);
  }

  async inProject({ worktree }: Worker): Promise<boolean> {
    const integrated = this.services.swarm.state?.integrated;
    if (!worktree) return true;
    return worktree.saved !== undefined && integrated !== undefined && this.trees.contains(integrated, worktree.saved);
  }

  save(id: string): Promise<void> {
    return this.inOrder(async () => {
      const state = this.services.swarm.state;
      const worker = state && findWorker(state, id);
      if (worker) await this.saveNow(worker);
    });
  }

  async stillMarked(worker: Worker): Promise<string[]> {
    const carries = worker.worktree?.carries ?? [];
    if (carries.length === 0) return [];
    return [...(await this.trees.marked(await this.gitOf(worker).snapshot(), carries)).keys()];
  }

  integrate(): Promise<Integration | undefined> {
    return this.inOrder(async () => {
      const { swarm, git } = this.services;
      for (const worker of swarm.state?.workers ?? []) await this.saveNow(worker);
      const state = swarm.state;
      if (!state?.baseline) return undefined;
      for (let attempt = 0; attempt < MERGE_TRIES; attempt += 1) {
        const before = await git.snapshot();
        const ours = await this.commitOf(state, before);
        const { commit, merged, left } = await this.mergeAll(ours, mergeable(state));
        const after = await git.treeOf(commit);
        const marked = new Map<string, string>();
        for (const each of left)
          for (const [file, text] of await this.trees.marked(each.tree, each.paths)) marked.set(file, text);
        // What a person wrote meanwhile is in neither side: it must not be written over.
        if ((await git.snapshot()) !== before) continue;
        const changed = await git.changed(before, after);
        await git.restore(
          after,
          changed.map((change) => change.path),
        );
        await this.trees.record(`refs/aegis/${state.id}/integrated`, commit);
        const unmerged = left.map(({ worker, paths }) => ({ worker: worker.assignment.id, paths }));
        return { integrated: commit, merged: merged.map(({ assignment }) => assignment.id), unmerged, marked };
      }
      throw new Error(
        "The project's files changed each time the Workers' work was merged. Stop what writes there, then call check_conflicts again.",
      );
    });
  }

  async closeAll(): Promise<void> {
    const state = this.services.swarm.state;
    if (!state || !isOver(state)) return;
    for (const worker of state.workers) {
      if (!worker.worktree || worker.worktree.closed) continue;
      await this.turnEnded(worker);
      await this.inOrder(() => this.close(worker.assignment.id)).catch(async (error: unknown) => {
        this.services.log(`the worktree of ${worker.assignment.id} stays`, error);
        const kept = worker.worktree?.dir;
        await submit(this.services, {
          type: "worktree_closed",
          worker: worker.assignment.id,
          kept,
          why: messageOf(error),
        });
      });
    }
  }

  private async close(id: string): Promise<void> {
    const before = this.services.swarm.state;
    const open = before && findWorker(before, id);
    if (open) await this.saveNow(open);
    const state = this.services.swarm.state;
    const worker = state && findWorker(state, id);
    if (!state || !worker?.worktree) return;
    const { worktree } = worker;
    const place = this.placeOf(worktree);
    const inScope = compileScope(worker.assignment.fileScope, FROM_GIT);
    const loose = (await this.trees.isOpen(place)) ? await this.trees.ignored(place, inScope) : [];
    const merged = await this.isMerged(state, worktree.saved, worktree.start);
    const fact = { type: "worktree_closed", worker: id } as const;
    if (loose.length > 0) {
      const why = `ignored files in its scope are in no commit: ${loose.slice(0, 10).join(", ")}`;
      await submit(this.services, { ...fact, kept: worktree.dir, why });
      return;
    }
    await this.trees.close(place, merged);
    if (merged) await submit(this.services, fact);
    else await submit(this.services, { ...fact, kept: `branch ${place.branch}`, why: "its work was not merged" });
  }

  /** Whether a commit of the project's holds the work: the integration's, once the swarm's result is committed. */
  private async isMerged(state: Swarm, saved: string | undefined, start: string): Promise<boolean> {
    if (saved === undefined || saved === start) return true;
    return state.integrated !== undefined && this.trees.contains(state.integrated, saved);
  }

  private async turnEnded(worker: Worker): Promise<void> {
    const session = "session" in worker ? worker.session : undefined;
    const end = this.services.now() + END_LIMIT_MS;
    while (session !== undefined && this.services.turns.isBusy(session) && this.services.now() < end)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }

  private async saveNow(worker: Worker): Promise<void> {
    const { worktree, assignment } = worker;
    if (!worktree || worktree.closed) return;
    const place = this.placeOf(worktree);
    if (!(await this.trees.isOpen(place))) return;
    const inScope = compileScope(assignment.fileScope, FROM_GIT);
    const commit = await this.trees.save(place, inScope, `aegis: work of ${assignment.id} ${assignment.name}`);
    await submit(this.services, { type: "worker_saved", worker: assignment.id, commit });
  }

  /** The project's present files as a commit that knows what was merged into them. */
  private async present(state: Swarm): Promise<string> {
    return this.commitOf(state, await this.services.git.snapshot());
  }

  private async commitOf(state: Swarm, tree: string): Promise<string> {
    const tip = state.integrated ?? state.baseline?.commit;
    if (tip === undefined) throw new Error(`Swarm ${state.id} has no baseline to start from.`);
    if ((await this.services.git.treeOf(tip)) === tree) return tip;
    return this.trees.commit(tree, [tip], `aegis: the project's files while ${state.id} is live`);
  }

  /** Merges until nothing more fits: what resolves a conflict of another's may come after it. */
  private async mergeAll(ours: string, wanted: readonly { worker: Worker; commit: string }[]) {
    let [commit, left] = [ours, [...wanted]];
    const merged: Worker[] = [];
    let conflicts: { worker: Worker; commit: string; tree: string; paths: string[] }[] = [];
    for (let before = left.length + 1; left.length > 0 && left.length < before; ) {
      before = left.length;
      conflicts = [];
      for (const each of left) {
        const { id, name } = each.worker.assignment;
        const merge = await this.trees.merge(commit, each.commit, `aegis: merge ${id} ${name}`);
        if (merge.clean) {
          commit = merge.commit;
          merged.push(each.worker);
        } else conflicts.push({ ...each, tree: merge.tree, paths: merge.paths });
      }
      left = conflicts;
    }
    return { commit, merged, left: conflicts };
  }

  private newPlace(state: Swarm, id: string): TreePlace {
    const dir = path.join(this.services.projectDir, ".aegis", "worktrees", state.id, id);
    return { dir, branch: `aegis/${state.id}/${id}` };
  }

  private placeOf(worktree: { dir: string; branch: string }): TreePlace {
    return { dir: path.join(this.services.projectDir, worktree.dir), branch: worktree.branch };
  }

  /** One at a time: git locks its list of worktrees, and a merge must see all that was saved before it. */
  private inOrder<T>(work: () => Promise<T>): Promise<T> {
    const next = this.queue.then(work);
    this.queue = next.catch(() => undefined);
    return next;
  }
}
