import type { GateSummary } from "../../core/gate/gateSummary.ts";
import {
  duration,
  type LiveView,
  renderFinalReport,
  renderQaTable,
  workerRows,
} from "../../core/workflow/dashboard.ts";
import { haltOf, haltText } from "../../core/workflow/halt.ts";
import { missingStep } from "../../core/workflow/missingStep.ts";
import type { Design, Swarm } from "../../core/workflow/state.ts";
import { evidenceCovers, isOver } from "../../core/workflow/state.ts";
import { swarmWord, whoWord } from "../../core/workflow/swarmWords.ts";
import type { LeaseHolder } from "../../ports/lease.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { fitted } from "../textWidth.ts";
import { gateData, gateLines } from "./gateView.ts";
import { workerTable } from "./workerTable.ts";

/** What is known beside the log: what the model gate did, and what Workers do now. */
export interface Beside {
  gate?: GateSummary | undefined;
  live?: ReadonlyMap<string, LiveView> | undefined;
}

/** The state of a swarm for programs: what `swarm status --json` prints. `now` is ms since the epoch. */
export function statusData(
  swarm: Swarm | undefined,
  holder: LeaseHolder | undefined,
  now: number,
  { gate, live }: Beside = {},
) {
  const by = holder ? { pid: holder.pid, since: holder.since } : null;
  if (!swarm) return { ok: true, swarm: null, holder: by };
  const { lastQaTree: tree } = swarm;
  const evidence = tree === undefined ? undefined : swarm.evidence[tree];
  return {
    ok: true,
    swarm: {
      id: swarm.id,
      phase: swarm.phase,
      startedAt: swarm.startedAt,
      durationMs: (swarm.endedAt ?? now) - swarm.startedAt,
      design: designData(swarm.design),
      question: swarm.question ?? null,
      paused: swarm.paused,
      exhausted: swarm.exhausted,
      stopped: swarm.stopped ?? null,
      waitsForModel: swarm.commanderTrouble?.waiting ?? null,
      workers: workerRows(swarm, now, live),
      qa: tree !== undefined && evidence ? { tree, passed: evidenceCovers(swarm, tree), ...evidence } : null,
      commit: swarm.commit ?? null,
      abort: swarm.abort ?? null,
      overrides: swarm.overrides,
      next: isOver(swarm) ? null : missingStep(swarm),
    },
    gate: gateData(gate),
    holder: by,
  };
}

function designData(design: Design) {
  if (design.status === "none") return { status: design.status };
  if (design.status === "skipped") return { status: design.status, by: design.by, reason: design.reason };
  const { revision, summary, qaStrategy } = design.proposal;
  return {
    status: design.status,
    revision,
    summary,
    qaStrategy: "qaStrategy" in design ? design.qaStrategy : qaStrategy,
    ...("by" in design ? { by: design.by } : {}),
  };
}

/** The same for people. */
export function renderStatus(
  io: Io,
  swarm: Swarm,
  holder: LeaseHolder | undefined,
  now: number,
  { gate, live }: Beside = {},
): string {
  const text = (key: Parameters<typeof say>[1], parameters: Record<string, string | number> = {}) =>
    say(io.lang, key, parameters);
  const took = duration((swarm.endedAt ?? now) - swarm.startedAt);
  const phase = swarmWord(io.lang, `phase.${swarm.phase}`);
  const lines = [text("swarm.status.head", { id: swarm.id, phase, took })];
  if (holder) lines.push(text("swarm.status.holder", { pid: holder.pid, since: holder.since }));
  // Nobody has to drive one that is over.
  else if (!isOver(swarm)) lines.push(text("swarm.status.nobody"));
  const design = designData(swarm.design);
  const revision = "revision" in design ? ` · ${text("swarm.status.revision", { revision: design.revision })}` : "";
  const by = "by" in design ? ` · ${whoWord(io.lang, design.by)}` : "";
  lines.push(`${text("swarm.status.design")} ${swarmWord(io.lang, `design.${design.status}`)}${revision}${by}`);
  if (swarm.question) lines.push(`${text("swarm.status.waits")} ${questionText(io, swarm.question)}`);
  const halt = haltOf(swarm);
  if (halt) lines.push(fitted(io, haltText(halt, now, io.lang), 2));
  const requests = gate ? ["", ...gateLines(io, gate)] : [];
  if (swarm.phase === "done") return [...lines, "", renderFinalReport(swarm, now, io.lang), ...requests].join("\n");
  lines.push("", ...workerTable(io, swarm, now, live ?? new Map()));
  const evidence = swarm.lastQaTree === undefined ? undefined : swarm.evidence[swarm.lastQaTree];
  if (evidence)
    lines.push("", `${text("swarm.status.qa")} ${swarm.lastQaTree ?? ""}`, renderQaTable(evidence.rows, io.lang));
  return [...lines, ...requests].join("\n");
}

function questionText(io: Io, question: NonNullable<Swarm["question"]>): string {
  switch (question.kind) {
    case "design":
      return say(io.lang, "swarm.question.design", { revision: question.revision });
    case "qa-change":
      return say(io.lang, "swarm.question.qaChange", { paths: question.paths.join(", ") });
    case "unsandboxed-qa":
      return say(io.lang, "swarm.question.unsandboxed");
  }
}
