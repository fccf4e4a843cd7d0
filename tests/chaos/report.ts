import { arch, cpus, platform } from "node:os";
import { INVARIANTS, MEANING } from "./invariants.ts";
import type { Outcome } from "./runner.ts";

/** How a run was made, for the report. */
export interface RunInfo {
  seed: number;
  /** Scenarios at a time. */
  lanes: number;
  opencode: string;
  /** Calendar day, YYYY-MM-DD. */
  day: string;
}

const passed = ({ problems, skipped }: Outcome) => problems.length === 0 && skipped === undefined;

export function summaryLine(outcomes: readonly Outcome[]): string {
  const skipped = outcomes.filter((outcome) => outcome.skipped !== undefined).length;
  const failed = outcomes.filter(({ problems }) => problems.length > 0).length;
  return `chaos: ${outcomes.filter(passed).length} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** One line for the terminal while the run goes on. */
export function progressLine(outcome: Outcome): string {
  const mark = outcome.skipped !== undefined ? "-" : outcome.problems.length > 0 ? "✗" : "✓";
  const how = outcome.skipped ?? outcome.end ?? "no end";
  const lines = outcome.problems.map((problem) => `    ${problem.replaceAll("\n", "\n    ")}`);
  return [`${mark} ${outcome.name} (${outcome.seconds} s, ${how})`, ...lines].join("\n");
}

/** The page `docs/reliability.md`, from one full run. */
export function renderPage(outcomes: readonly Outcome[], info: RunInfo): string {
  const of = (kind: Outcome["kind"]) => outcomes.filter((outcome) => outcome.kind === kind);
  return [
    "# Reliability: what misbehaves, and what holds",
    "",
    "`npm run test:chaos` writes this page; it is not edited by hand. Each row is one swarm on the real OpenCode with a",
    "scripted model: the scripted model misbehaves, or something breaks under sound scripted models. After each, every invariant",
    "is looked at, from the event log, the files, git, the process table and the chat. `npm run test:chaos -- --only NAME`",
    "plays one, `--seed N` chooses the order and the sample, `--sample K` plays a few (a sample runs with every commit).",
    "",
    `Run of ${info.day}: seed ${info.seed}, OpenCode ${info.opencode}, ${cpus().length} cores (${platform()} ${arch()}), scenarios`,
    `at a time: ${info.lanes}. ${summaryLine(outcomes).replace("chaos: ", "")}. Times are of this run, the start of OpenCode left out.`,
    "",
    "## Invariants",
    "",
    ...INVARIANTS.map((name) => `- **${name}**: ${MEANING[name]}.`),
    "- **limit**: it ended within its limit.",
    "",
    `## Misbehaving models (${of("behaviour").length})`,
    "",
    ...table(of("behaviour")),
    "",
    `## Faults (${of("fault").length})`,
    "",
    ...table(of("fault")),
    "",
  ].join("\n");
}

function table(outcomes: readonly Outcome[]): string[] {
  return [
    "| Name | Behaviour | What happened | Time | Invariants |",
    "|---|---|---|---|---|",
    ...outcomes.map((outcome) => {
      const { name, what, seconds, limitS } = outcome;
      const cells = [`\`${name}\``, what, happened(outcome), `${seconds.toFixed(1)} s of ${limitS} s`, held(outcome)];
      return `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
    }),
  ];
}

function happened({ end, workers, skipped, problems }: Outcome): string {
  if (skipped !== undefined) return `not played: ${skipped}`;
  const wrong = problems.map((problem) => `**${problem.split("\n", 1)[0]?.slice(0, 300)}**`);
  return [[end ?? "no end", ...workers].join(", "), ...wrong].join("; ");
}

function held({ invariants, problems, skipped }: Outcome): string {
  if (skipped !== undefined) return "–";
  const kept = INVARIANTS.filter((name) => invariants[name]?.length === 0).length;
  return problems.length === 0 ? `all ${INVARIANTS.length + 1}` : `**${kept} of ${INVARIANTS.length + 1}**`;
}
