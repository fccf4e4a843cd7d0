import { diagnose } from "../core/qa/diagnose.ts";
import { checksForStrategy, requiredChecks } from "../core/qa/discoverQa.ts";
import type { QaRow } from "../core/qa/qaCheck.ts";
import { attribute } from "../core/workflow/attribution.ts";
import { needQaDefinition } from "../core/workflow/gates.ts";
import type { Refusal } from "../core/workflow/refusal.ts";
import type { Swarm } from "../core/workflow/state.ts";
import { qaStrategyOf } from "../core/workflow/state.ts";
import type { Candidate } from "./candidate.ts";
import { submit } from "./commands.ts";
import { privateId } from "./privateId.ts";
import { findChecks, qaDefinitionChanges } from "./qa/findChecks.ts";
import type { QaProgress } from "./qa/runQa.ts";
import { runQa } from "./qa/runQa.ts";
import { qaSandbox } from "./qaSandbox.ts";
import type { SwarmServices } from "./services.ts";

export interface QaPass {
  tree: string;
  rows: QaRow[];
  required: string[];
  reason?: string;
  /** Set where the person has to accept changed QA definitions before the result counts. */
  definitionGate?: Refusal;
  /** Workers that own files named by failing checks. */
  owners: { worker: string; check: string; paths: string[]; excerpt: string }[];
}

const NO_E2E = "the agreed QA strategy is full-e2e, but no end-to-end command was found in this project.";

/** Runs QA on exactly the tree a commit would hold and puts the evidence to the decider. */
export async function passQa(
  services: SwarmServices,
  swarm: Swarm,
  held: Candidate,
  options: { only?: readonly string[] | undefined; signal: AbortSignal; onProgress(progress: QaProgress): void },
): Promise<{ ok: true; pass: QaPass } | { ok: false; refusal: Refusal }> {
  const { git, projectDir, settings } = services;
  const allowed = await qaSandbox(services);
  if (!allowed.ok) return allowed;
  const found = await findChecks(git, held.tree, settings.qaOverride);
  const checks = checksForStrategy(qaStrategyOf(swarm), found);
  const outcome = await runQa({
    checks,
    sandbox: allowed.sandbox,
    git,
    projectDir,
    tree: held.tree === held.present ? undefined : held.tree,
    only: options.only,
    signal: options.signal,
    onProgress: options.onProgress,
    sandboxSpecBase: { privateId: privateId(swarm.id, "qa") },
  });
  const required = requiredChecks(qaStrategyOf(swarm), checks);
  const rows = outcome.rows.map((row) => (row.passed ? { ...row, output: "" } : row));
  const { stable, changedFiles } = outcome;
  const recorded = await submit(services, {
    type: "qa_ran",
    tree: outcome.tree,
    rows,
    required,
    stable,
    changedByQa: changedFiles,
    sandboxed: allowed.sandboxed,
  });
  if (!recorded.ok) return recorded;
  const definitionGate = await qaDefinitionGate(services, swarm, outcome.tree);
  const owners = await ownersOf(services, swarm, held, outcome.rows);
  const pass = { tree: outcome.tree, rows: outcome.rows, required, owners };
  const reason = outcome.reason ?? (required.length > checks.length && outcome.passed ? NO_E2E : undefined);
  return {
    ok: true,
    pass: {
      ...pass,
      ...(reason ? { reason } : {}),
      ...(definitionGate ? { definitionGate } : {}),
    },
  };
}

/** Whether what QA runs differs from the baseline's in a way no person has accepted; opens the question if so. */
export async function qaDefinitionGate(
  services: SwarmServices,
  swarm: Swarm,
  tree: string,
): Promise<Refusal | undefined> {
  const { git } = services;
  if (!swarm.baseline) return undefined;
  const shown = await qaDefinitionChanges(git, swarm.baseline.tree, tree);
  if (shown.length === 0) return undefined;
  // The changed definitions alone, as a tree, and their names, since a tree says nothing of those that were deleted:
  // together they name this very change and no other.
  const paths = shown.map((path) => path.replace(/ \(scripts: .*\)$/u, ""));
  const definitions = await git.composeTree(await git.treeOf(""), tree, paths);
  const fingerprint = `${definitions} ${[...shown].sort().join(" ")}`;
  const gate = needQaDefinition(services.swarm.state ?? swarm, { fingerprint, paths: shown });
  if (gate) await submit(services, { type: "qa_change_seen", fingerprint, paths: shown });
  return gate;
}

async function ownersOf(services: SwarmServices, swarm: Swarm, held: Candidate, rows: readonly QaRow[]) {
  const known = new Set(await services.git.paths(held.tree));
  return diagnose(rows, known).flatMap(({ check, paths, excerpt }) => {
    const owned = attribute(
      swarm,
      paths.map((path) => ({ path, kind: "modified" })),
    );
    const workers = [...new Set(owned.map((row) => row.by).filter((by) => /^w\d+$/u.test(by)))];
    return workers.map((worker) => ({
      worker,
      check,
      paths: owned.filter((row) => row.by === worker).map((row) => row.path),
      excerpt,
    }));
  });
}
