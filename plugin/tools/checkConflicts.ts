import { attribute } from "../../src/core/workflow/attribution.ts";
import { needSwarm, needWorkersEnded } from "../../src/core/workflow/gates.ts";
import type { ChangeRow, Unmerged } from "../../src/core/workflow/model.ts";
import { refusal, renderRefusal } from "../../src/core/workflow/refusal.ts";
import { isolationOf, unreadWorkers } from "../../src/core/workflow/state.ts";
import { submit } from "../../src/runtime/commands.ts";
import type { Integration } from "../../src/runtime/ownTrees.ts";
import { defineTool } from "./tool.ts";

const SHOWN = 200;
/** Characters shown of the conflicting passages of one file. */
const CONFLICT_TEXT = 2_000;

export const checkConflicts = defineTool({
  name: "check_conflicts",
  role: "commander",
  description:
    "Lists every changed path with who wrote it, finds overlaps and writes out of scope, and opens integration.",
  args: {},
  async run(services) {
    const { swarm, git, trees } = services;
    const state = swarm.state;
    const gate = needSwarm(state) ?? (state && needWorkersEnded(state));
    if (gate || !state?.baseline) {
      return renderRefusal(gate ?? refusal("foundation-missing", "there is no baseline.", "call complete_foundation."));
    }
    const merge = isolationOf(state) === "worktree" ? await trees.integrate() : undefined;
    const tree = await git.snapshot();
    const changes = attribute(swarm.state ?? state, await git.changed(state.baseline.tree, tree));
    const rows = [...changes, ...(merge?.unmerged ?? []).flatMap(conflictRows)];
    const { integrated, unmerged } = merge ?? {};
    const decision = await submit(services, { type: "check_conflicts", tree, rows, integrated, unmerged });
    if (!decision.ok) return renderRefusal(decision.refusal);
    const problems = rows.filter((row) => row.problem);
    const unread = unreadWorkers(state);
    const conflicts = merge ? conflictText(merge) : [];
    return [
      ...(merge ? [`Merged into the project's files: ${merge.merged.join(", ") || "nothing"}.`] : []),
      ...conflicts,
      problems.length === 0 ? `No conflicts in ${rows.length} changed file(s).` : `${problems.length} problem(s):`,
      ...problems.map((row) => `- ${row.problem}: ${row.path} (by ${row.by}); it is not committed until you settle it`),
      "",
      "| File | Change | By |",
      "|---|---|---|",
      ...rows.slice(0, SHOWN).map(line),
      ...(rows.length > SHOWN ? [`… and ${rows.length - SHOWN} more`] : []),
      "",
      conflicts.length > 0
        ? `Next: retry_worker for ${merge?.unmerged.map(({ worker }) => worker).join(", ")} with how the two versions belong together, or dispatch_workers with one Worker whose scope holds these files; then check_conflicts again.`
        : `Integration is open. Next: read_worker for ${unread.join(", ") || "nobody"}, then the code that joins the parts, then run_qa.`,
    ].join("\n");
  },
});

function line(row: ChangeRow): string {
  return `| ${row.path} | ${row.kind} | ${row.by} |`;
}

function conflictRows({ worker, paths }: Unmerged): ChangeRow[] {
  return paths.map((path) => ({ path, kind: "modified", by: worker, problem: "merge-conflict" }));
}

/** Whose work does not fit, and both versions where git could set them side by side. */
function conflictText({ unmerged, marked }: Integration): string[] {
  return unmerged.flatMap(({ worker, paths }) => [
    `CONFLICT: ${worker} and the project's files both changed ${paths.join(", ")}. Nothing of ${worker} was merged; its work is kept.`,
    ...paths.flatMap((path) => {
      const text = marked.get(path);
      return text === undefined ? [] : [`${path}:`, hunks(text)];
    }),
  ]);
}

/** The conflicting passages of a file with git's marks. */
function hunks(text: string): string {
  const passages = text.match(/^<{7}[\s\S]*?^>{7}.*$/gmu) ?? [];
  return passages.join("\n…\n").slice(0, CONFLICT_TEXT);
}
