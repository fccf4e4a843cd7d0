import type { SwarmState } from "../../src/core/workflow/state.ts";
import type { Brain, Step, Turn } from "../../vllm/simulator/brain.ts";
import { byBriefing, byRole, call, calls, say, script } from "../../vllm/simulator/brain.ts";

/** A project whose only check is `node check.mjs`: every .mjs file below src has to load. */
export const checkedProject: Record<string, string> = {
  "package.json": JSON.stringify(
    { name: "p", private: true, type: "module", scripts: { test: "node check.mjs" } },
    null,
    2,
  ),
  "check.mjs":
    'import { readdirSync, existsSync } from "node:fs";\n' +
    'const files = existsSync("src") ? readdirSync("src", { recursive: true }).filter((f) => String(f).endsWith(".mjs")) : [];\n' +
    'for (const f of files) await import(new URL("src/" + f, import.meta.url));\n' +
    'console.log(files.length + " passed");\n',
  "src/shared.mjs": "export const shared = 1;\n",
};

export interface Part {
  name: string;
  scope: string[];
  steps: readonly Step[];
  dependsOn?: string[];
}

export const proposal = call("propose_design", {
  summary: "A small thing in parts.",
  features: [{ name: "a", description: "the first part" }],
});

/** The Commander's turns up to and with the dispatch of `parts`. The person says "1" after the first. */
export function opening(parts: readonly Part[], foundation: readonly Step[] = []): Step[] {
  return [
    proposal,
    say("Scripted: 1. Approve 2. …"),
    call("approve_design", { revision: 1 }),
    ...foundation,
    call("complete_foundation", { summary: "src/shared.mjs exports shared" }),
    call("dispatch_workers", {
      workers: parts.map(({ name, scope, dependsOn }) => ({
        name,
        feature: `feature ${name}`,
        fileScope: scope,
        spec: `Build ${name}. PART<${name}>`,
        ...(dependsOn ? { dependsOn } : {}),
      })),
    }),
    call("await_workers"),
  ];
}

/** The Commander's turns from the end of the Workers to the report. */
export function closing(parts: readonly Part[]): Step[] {
  return [
    call("check_conflicts"),
    calls(...parts.map((_, index): [string, Record<string, unknown>] => ["read_worker", { worker_id: id(index) }])),
    call("run_qa"),
    call("commit_changes", { message: "feat: all parts" }),
    say("Scripted: the final report."),
  ];
}

/** Plays the Commander by `commander`, each Worker by its part's steps, Scouts and Librarians by `helpers`. */
export function swarmBrain(
  commander: readonly Step[],
  parts: readonly Part[],
  helpers: readonly Step[] = [say("Scripted: found.")],
): Brain {
  return byRole({
    commander: script(commander),
    worker: byBriefing(parts.map((part) => [new RegExp(`PART<${part.name}>`), script(part.steps)] as const)),
    scout: script(helpers),
    librarian: script(helpers),
  });
}

/** A Worker that writes one file, checks it, and reports. */
export function goodWorker(file: string, text = "export const ok = 1;\n"): Step[] {
  return [
    call("write", { filePath: file, content: text }),
    call("bash", { command: "node check.mjs", description: "check" }),
    call("report_result", {
      status: "completed",
      summary: `wrote ${file}`,
      qa: [{ command: "node check.mjs", passed: true }],
    }),
    say("Scripted: done."),
  ];
}

export const reportFailed = call("report_result", { status: "failed", summary: "scripted failure" });

/** Ids in the order of dispatch. */
export function id(index: number): string {
  return `w${String(index + 1).padStart(2, "0")}`;
}

/** The text of the last result of `tool` in this turn's history. */
export function seen(turn: Turn, tool: string): string {
  return turn.toolResults.findLast((result) => result.name === tool)?.text ?? "";
}

/** Workers were dispatched, and each has completed or failed. */
export function everyWorkerEnded(swarm: SwarmState): boolean {
  const workers = swarm?.workers ?? [];
  return workers.length > 0 && workers.every(({ status }) => status === "completed" || status === "failed");
}

/** The session of a Worker that was started; "" for another. */
export function sessionOf(worker: NonNullable<SwarmState>["workers"][number] | undefined): string {
  return worker && "session" in worker ? (worker.session ?? "") : "";
}

/** What the plugin writes in a project by itself: its logs name the commands that ran. */
export const LOGS: readonly string[] = [".aegis/swarms/", ".aegis/calls.jsonl", ".aegis/sessions/"];
