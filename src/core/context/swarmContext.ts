import type { Language } from "../workflow/model.ts";
import { isOver, isRunning, type Swarm } from "../workflow/state.ts";
import type { TaskContext } from "./taskContext.ts";

/** What a swarm's log says for a handoff. */
export interface SwarmContext {
  /** What it builds; undefined where it is over or has no design yet. */
  task: string | undefined;
  todos: TaskContext["todos"];
  decisions: TaskContext["decisions"];
}

const WORDS: Readonly<
  Record<Language, Record<"design" | "skipped" | "qa" | "foundation" | "override" | "cancelled" | "commit", string>>
> = {
  en: {
    design: "Design approved",
    skipped: "Design skipped",
    qa: "QA strategy",
    foundation: "Foundation",
    override: "Gate overridden",
    cancelled: "Worker cancelled",
    commit: "Committed",
  },
  ko: {
    design: "설계 승인",
    skipped: "설계 생략",
    qa: "QA 전략",
    foundation: "공통 기반",
    override: "게이트 무시",
    cancelled: "워커 취소",
    commit: "커밋",
  },
};

/** Decisions, Workers as things to do, and what Workers reported, the newest decision last. */
export function swarmContext(swarm: Swarm): SwarmContext {
  const word = WORDS[swarm.language];
  const { design, workers } = swarm;
  const proposal = "proposal" in design ? design.proposal : undefined;
  const open = !isOver(swarm);
  const parts = open ? workers : [];
  const named = ({ assignment }: Swarm["workers"][number]) =>
    `${assignment.id} ${assignment.feature || assignment.name}: ${assignment.fileScope.join(", ")}`;
  const recent = [
    ...(design.status === "approved"
      ? [`${word.design}: ${design.proposal.summary}`, `${word.qa}: ${design.qaStrategy}`]
      : []),
    ...(design.status === "skipped" ? [`${word.skipped}: ${design.reason}`] : []),
    ...(swarm.foundationSummary ? [`${word.foundation}: ${swarm.foundationSummary}`] : []),
    ...swarm.overrides.map(({ gate, reason }) => `${word.override}: ${gate}: ${reason}`),
    ...workers.flatMap((worker) =>
      worker.status === "cancelled" ? [`${word.cancelled}: ${worker.assignment.id}: ${worker.reason}`] : [],
    ),
    ...(swarm.commit
      ? [`${word.commit}: ${swarm.commit.message.split("\n", 1)[0] ?? ""} (${swarm.commit.commit.slice(0, 12)})`]
      : []),
  ];
  const learnings = workers.flatMap((worker) => {
    const report = "report" in worker ? worker.report : undefined;
    const said = [report?.notes, report?.status === "completed" ? undefined : report?.summary].filter((text) => text);
    if (said.length === 0 && worker.status === "failed") said.push(worker.reason);
    return said.map((text) => `${worker.assignment.id} ${worker.assignment.name}: ${text}`);
  });
  return {
    task: open ? proposal?.summary : undefined,
    todos: {
      pending: parts.filter(({ status }) => ["queued", "failed", "blocked"].includes(status)).map(named),
      inProgress: parts.filter(isRunning).map(named),
      completed: parts.filter(({ status }) => status === "completed").map(named),
    },
    decisions: { recent, learnings },
  };
}
