import type { Brain, Reply, Step, ToolResult, Turn } from "../../vllm/simulator/brain.ts";
import { call, calls, say } from "../../vllm/simulator/brain.ts";
import type { Milestone, Steps } from "./scenario.ts";

/** One Worker of the played swarm. */
export interface Part {
  name: string;
  scope: readonly string[];
  file: string;
}

/** What a step's result says when it went well; the same words for a call that was made twice. */
const WENT_WELL: Readonly<Record<Exclude<Milestone, "report" | "read_worker">, RegExp>> = {
  propose_design: /Design revision \d+ is recorded|^Refused \(design-settled\)/u,
  approve_design: /is approved \(QA|the design is already (?:approved|skipped)/u,
  complete_foundation: /The foundation is recorded|the foundation is already recorded/u,
  dispatch_workers: /Worker\(s\) dispatched|^Refused \(name-taken\)/u,
  await_workers: /call check_conflicts/u,
  check_conflicts: /read_worker|run_qa/u,
  run_qa: /QA passed on tree/u,
  commit_changes: /^Committed |was already on the branch|^Refused \(swarm-done\)/u,
};

/** Refusals of one tool in a row after which the sound Commander stops and tells the person. */
const PATIENCE = 3;

/**
 * A Commander that does what its prompt asks: the steps in their order, and after a refusal the step it names. It knows
 * only what stands in the request, so it goes on after a restart, in a new session too.
 */
export function soundCommander(parts: readonly Part[]): Brain {
  return (turn) => act(nextStep(turn), turn, parts);
}

/** Which step the sound Commander takes in this turn. `tell` ends the turn with words for the person. */
function nextStep(turn: Turn): Milestone | "tell-design" | "tell" {
  const last = turn.lastToolResults.at(-1);
  if (last && refusedInARow(turn.toolResults) >= PATIENCE) return "tell";
  if (last?.name === "propose_design" && last.text.includes("waits for the person")) return "tell-design";
  if (/not-answered|answer-unclear|design-not-approved|qa-definition-changed|unsandboxed/u.test(last?.text ?? "")) {
    return /call approve_design with/u.test(last?.text ?? "") ? "approve_design" : "tell-design";
  }
  if (last && /^commit_changes$/u.test(last.name) && WENT_WELL.commit_changes.test(last.text)) return "report";
  const named = /call (\w+)/giu;
  const asked = [...(last?.text ?? turn.userText).matchAll(named)].map((match) => match[1] ?? "").find(isMilestone);
  if (asked) return asked;
  return inOrder(turn);
}

function inOrder(turn: Turn): Milestone {
  const well = (tool: keyof typeof WENT_WELL) =>
    turn.toolResults.some((result) => result.name === tool && WENT_WELL[tool].test(result.text));
  if (!well("propose_design")) return "propose_design";
  if (!well("approve_design")) return "approve_design";
  for (const tool of ["complete_foundation", "dispatch_workers", "await_workers", "check_conflicts"] as const) {
    if (!well(tool)) return tool;
  }
  if (!turn.toolResults.some((result) => result.name === "read_worker" && result.text.startsWith("# w")))
    return "read_worker";
  if (!well("run_qa")) return "run_qa";
  return well("commit_changes") ? "report" : "commit_changes";
}

function act(step: ReturnType<typeof nextStep>, turn: Turn, parts: readonly Part[]): Reply {
  switch (step) {
    case "propose_design":
      return call("propose_design", {
        summary: "A small thing in parts.",
        features: parts.map(({ name }) => ({ name, description: `the ${name} part` })),
      });
    case "approve_design": {
      const revisions = turn.toolResults.flatMap((result) => [...result.text.matchAll(/revision (\d+)/giu)]);
      return call("approve_design", { revision: Number(revisions.at(-1)?.[1] ?? 1) });
    }
    case "complete_foundation":
      return call("complete_foundation", { summary: "src/shared.mjs exports shared" });
    case "dispatch_workers":
      return call("dispatch_workers", { workers: parts.map(assignment) });
    case "read_worker": {
      const named = turn.lastToolResults.at(-1)?.text.match(/call read_worker for ([w\d, ]+)/u)?.[1];
      const ids = named?.match(/w\d+/gu) ?? parts.map((_, index) => `w${String(index + 1).padStart(2, "0")}`);
      return calls(...ids.map((id): [string, Record<string, unknown>] => ["read_worker", { worker_id: id }]));
    }
    case "commit_changes":
      return call("commit_changes", { message: "feat: all parts" });
    case "report":
      return say("Scripted: the final report. Everything is committed.");
    case "tell-design":
      return say(`Scripted: please decide.\n${turn.lastToolResults.at(-1)?.text ?? ""}`);
    case "tell":
      return say(`Scripted: I cannot go on.\n${turn.lastToolResults.at(-1)?.text ?? ""}`);
    default:
      return call(step);
  }
}

export const assignment = ({ name, scope }: Part) => ({
  name,
  feature: `feature ${name}`,
  fileScope: scope,
  spec: `Build ${name}. PART<${name}>`,
});

/** A Worker that writes its file, checks it, and reports; each again until it went well. */
export function soundWorker({ file }: Part): Brain {
  return (turn) => {
    const results = turn.toolResults;
    if (results.filter((result) => result.name === "report_result").length > 4) return say("Scripted: I give up.");
    if (results.some((result) => result.name === "report_result" && /^Recorded as/u.test(result.text)))
      return say("Scripted: done.");
    const wrote = results.findLastIndex(({ name, text, arguments: args }) => {
      return name === "write" && /wrote file/iu.test(text) && JSON.stringify(args).includes(file);
    });
    if (wrote < 0) return call("write", { filePath: file, content: "export const ok = 1;\n" });
    const checked = results.findLastIndex(({ name, text }) => name === "bash" && /\d+ passed/u.test(text));
    const refused = results.findLastIndex(({ name, text }) => name === "report_result" && /Refused \(/u.test(text));
    if (checked < wrote || checked < refused) return call("bash", { command: "node check.mjs", description: "check" });
    return call("report_result", {
      status: "completed",
      summary: `wrote ${file}`,
      qa: [{ command: "node check.mjs", passed: true }],
    });
  };
}

/**
 * Plays `steps` in place of `sound` from the first turn for which `begins` holds, in each session by itself, then `sound`
 * again. The turns are counted in the request, so that a request that is sent again gets the same answer.
 */
export function misbehaving(sound: Brain, steps: Steps, begins: (wouldDo: Reply) => boolean = () => true): Brain {
  const since = new Map<string, number>();
  return async (turn) => {
    const wouldDo = await sound(turn);
    if (!since.has(turn.sessionId) && begins(wouldDo)) since.set(turn.sessionId, turn.assistantTurns);
    const start = since.get(turn.sessionId);
    if (start === undefined) return wouldDo;
    const step = stepAt(steps, turn.assistantTurns - start, turn);
    return (await step) ?? wouldDo;
  };
}

export function stepAt(steps: Steps, index: number, turn: Turn): Reply | Promise<Reply> | undefined {
  if (typeof steps === "function") return steps(index, turn);
  const step: Step | undefined = steps[index];
  return typeof step === "function" ? step(turn) : step;
}

/** Whether a reply takes the step `milestone`. */
export function takes(milestone: Milestone): (reply: Reply) => boolean {
  return (reply) =>
    milestone === "report"
      ? (reply.text ?? "").includes("the final report")
      : (reply.toolCalls ?? []).some(({ name }) => name === milestone);
}

function isMilestone(name: string): name is Milestone {
  return name in WENT_WELL || name === "read_worker";
}

function refusedInARow(results: readonly ToolResult[]): number {
  const last = results.at(-1);
  const backwards = [...results].reverse();
  const end = backwards.findIndex((result) => result.name !== last?.name || !/Refused \(|error/iu.test(result.text));
  return end < 0 ? results.length : end;
}
