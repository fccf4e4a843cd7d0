import {
  type Brain,
  byRole,
  call,
  calls,
  type Reply,
  say,
  type ToolResult,
  type Turn,
} from "../../../vllm/simulator/brain.ts";
import type { Language } from "../messages/language.ts";
import type { DemoContent, DemoFeature, DemoFile } from "./content.ts";
import { type DemoWords, demoWords, fill } from "./words.ts";

const SHARED = ["src/types.ts", "src/lib/**"];
/** Seconds; the gate of `check_conflicts` sends the Commander back here while Workers are at work. */
const AWAIT_SECONDS = 300;
/** A refused or failed call is tried anew this often before the script gives up. */
const MOST_WAITS = 20;

/** The person's first message: the project, with the features there will be Workers for. */
export function demoRequest(content: DemoContent, language: Language): string {
  const features = content.features.map((feature) => feature.description[language]).join("; ");
  return fill(demoWords(language).request, { features });
}

/**
 * A brain that plays every role of the demo. It holds no state: what comes next is read from the tool results in the
 * request, so a session that was interrupted, or sent on by the plugin, goes on where its history ends.
 */
export function demoBrain(content: DemoContent, language: Language): Brain {
  const words = demoWords(language);
  return byRole({
    commander: (turn) => commander(turn, content, words, language),
    worker: (turn) => worker(turn, content),
    scout: (turn) => helper(turn, content),
    librarian: (turn) => helper(turn, content),
  });
}

const refused = (result: ToolResult): boolean => /^(?:Error: )?Refused \(/.test(result.text.trimStart());
const succeeded = (turn: Turn, tool: string): ToolResult[] =>
  turn.toolResults.filter((result) => result.name === tool && !refused(result));

function commander(turn: Turn, content: DemoContent, words: DemoWords, language: Language): Reply {
  const latest = turn.lastToolResults;
  const refusal = latest.find(refused);
  if (refusal?.name === "check_conflicts" && succeeded(turn, "await_workers").length < MOST_WAITS)
    return awaitAll(words);
  if (refusal) return say(fill(words.stopped, { reason: refusal.text }));

  const proposal = succeeded(turn, "propose_design").at(-1);
  if (!proposal) return propose(content, words, language);
  if (succeeded(turn, "approve_design").length === 0) {
    if (latest.includes(proposal)) {
      return say([field(proposal.arguments, "summary"), choicesIn(proposal.text), words.ask].join("\n\n"));
    }
    return call("approve_design", { revision: revisionIn(proposal.text) }, words.approved);
  }
  if (succeeded(turn, "complete_foundation").length === 0) {
    const missing = unwritten(turn, content.foundation);
    if (missing.length > 0) return writeAll(missing, words.foundation);
    return call("complete_foundation", { summary: words.design }, words.foundationDone);
  }
  if (succeeded(turn, "dispatch_workers").length === 0) return dispatch(content, words, language);
  if (succeeded(turn, "await_workers").length === 0) return awaitAll(words);
  if (succeeded(turn, "check_conflicts").length === 0) return call("check_conflicts", {}, words.checking);
  const ids = workerIds(content);
  const read = new Set(succeeded(turn, "read_worker").map((result) => field(result.arguments, "worker_id")));
  const unread = ids.filter((id) => !read.has(id));
  if (unread.length > 0) {
    return { text: words.reading, ...calls(...unread.map((id) => ["read_worker", { worker_id: id }] as const)) };
  }
  const missing = unwritten(turn, content.integration);
  if (missing.length > 0) return writeAll(missing, words.integrating);
  if (succeeded(turn, "run_qa").length === 0) return call("run_qa", {}, words.testing);
  const commit = succeeded(turn, "commit_changes").at(-1);
  if (!commit) return call("commit_changes", { message: commitMessage(content) }, words.committing);
  return say(latest.includes(commit) ? `${words.finished}\n\n${reportIn(commit.text)}` : words.nothingLeft);
}

function propose(content: DemoContent, words: DemoWords, language: Language): Reply {
  const rows = content.features.map((feature) => `| ${feature.title[language]} | ${feature.description[language]} |`);
  return call(
    "propose_design",
    {
      summary: [words.design, "", words.table, ...rows].join("\n"),
      features: content.features.map(({ name, description }) => ({ name, description: description[language] })),
      stack: "TypeScript, Node.js, node:http, node:test",
      qa_strategy: "worker-unit+commander-integration",
      project: "new",
    },
    words.proposing,
  );
}

function dispatch(content: DemoContent, words: DemoWords, language: Language): Reply {
  const workers = content.features.map((feature) => ({
    name: feature.name,
    feature: feature.title[language],
    fileScope: [feature.scope],
    sharedReadOnly: SHARED,
    spec: feature.spec,
    qaRequirements: qaCommands(feature).join(" && "),
  }));
  return call("dispatch_workers", { workers }, fill(words.dispatching, { count: workers.length }));
}

const awaitAll = (words: DemoWords): Reply =>
  call("await_workers", { until: "all", timeout_s: AWAIT_SECONDS }, words.waiting);

const commitMessage = (content: DemoContent): string =>
  `feat: add team notice board with ${content.features.map((feature) => feature.name).join(", ")}`;

/** The swarm numbers its Workers in the order of the dispatch: w01, w02, … */
const workerIds = (content: DemoContent): string[] =>
  content.features.map((_, index) => `w${String(index + 1).padStart(2, "0")}`);

/** The numbered lines of a tool's answer: what the person is to choose from. */
const choicesIn = (text: string): string =>
  text
    .split("\n")
    .filter((line) => /^\s*\d+[.)]/.test(line))
    .join("\n");

/** The part of the commit's answer that is meant for the person. */
const reportIn = (text: string): string => text.slice(Math.max(0, text.indexOf("## ")));

const revisionIn = (text: string): number => Number(/revision\D{0,12}(\d+)/i.exec(text)?.[1] ?? 1);

const qaCommands = (feature: DemoFeature): string[] => ["npm run typecheck", `npm test -- src/${feature.name}`];

const writeAll = (files: readonly DemoFile[], text: string): Reply => ({
  text,
  ...calls(...files.map((file) => ["write", { filePath: file.path, content: file.content }] as const)),
});

/** Files for which the session has no successful write yet. */
function unwritten(turn: Turn, files: readonly DemoFile[]): DemoFile[] {
  const written = new Set(succeeded(turn, "write").map((result) => field(result.arguments, "filePath")));
  return files.filter((file) => !written.has(file.path));
}

function worker(turn: Turn, content: DemoContent): Reply {
  const feature = content.features.find((candidate) => turn.firstUserText.includes(candidate.spec));
  if (!feature)
    return call("report_result", { status: "failed", summary: "Scripted: this briefing is not in the demo.", qa: [] });
  const tried = (tool: string) => turn.toolResults.filter((result) => result.name === tool);
  if (feature.helper && turn.tools.includes("task") && tried("task").length === 0) {
    const { agent, question } = feature.helper;
    return call("task", { description: `Ask the ${agent}`, prompt: question, subagent_type: agent });
  }
  const { trespass } = feature;
  if (trespass && !tried("write").some((result) => field(result.arguments, "filePath") === trespass.filePath)) {
    return call("write", { filePath: trespass.filePath, content: trespass.content }, trespass.text);
  }
  const [next] = unwritten(turn, feature.files);
  if (next) return call("write", { filePath: next.path, content: next.content });

  const runs = tried("bash");
  const command = qaCommands(feature)[runs.length];
  if (command !== undefined && turn.tools.includes("bash") && !runs.some(refused)) {
    return call("bash", { command, description: `QA of ${feature.name}` });
  }
  if (tried("report_result").length > 0) return say(`Scripted: ${feature.name} is reported.`);
  return call("report_result", {
    status: "completed",
    summary: `${feature.description.en}. Files: ${feature.files.map((file) => file.path).join(", ")}.`,
    qa: runs
      .filter((run) => !refused(run))
      .map((run) => ({ command: field(run.arguments, "command"), passed: passedQa(run) })),
  });
}

/** As a model would judge from what it sees: tsc and Node's test runner name every failure. */
const passedQa = (run: ToolResult): boolean => !/error TS\d|^ℹ fail [1-9]|npm error|ERR!/m.test(run.text);

function helper(turn: Turn, content: DemoContent): Reply {
  const task = content.features
    .map((feature) => feature.helper)
    .find((known) => known && turn.firstUserText.includes(known.question));
  if (!task) return say("Scripted: this question is not in the demo.");
  if (turn.toolResults.length === 0) return calls(...task.reads.map((filePath) => ["read", { filePath }] as const));
  return say(task.answer);
}

function field(value: unknown, name: string): string {
  const found = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  return typeof found === "string" ? found : "";
}
