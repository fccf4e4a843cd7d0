import { resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type DemoContent, loadDemoContent } from "../../../src/cli/demo/content.ts";
import { demoBrain, demoRequest } from "../../../src/cli/demo/scenario.ts";
import { ChatRequest, turnOf } from "../../../vllm/simulator/turn.ts";

let content: DemoContent;
beforeAll(async () => {
  content = await loadDemoContent(resolve(import.meta.dirname, "../../../templates/demo-project"), 4);
});

type Answer = (args: Record<string, unknown>, call: string, count: number) => string;
type Message = Record<string, unknown>;

/** Plays the host: gives each call the answer that the test has for the tool, until the brain ends its turn. */
async function play(tools: string[], messages: Message[], answers: Record<string, Answer>, most = 60) {
  const brain = demoBrain(content, "en");
  const made: { name: string; args: Record<string, unknown> }[] = [];
  for (let turn = 0; turn < most; turn += 1) {
    const request = ChatRequest.parse({ model: "m", messages, tools: tools.map((name) => ({ function: { name } })) });
    const reply = await brain(turnOf(request, {}, { signal: AbortSignal.timeout(1000) }));
    const calls = (reply.toolCalls ?? []).map((call, index) => ({
      id: `c${messages.length}-${index}`,
      name: call.name,
      args: call.arguments as Record<string, unknown>,
    }));
    messages.push({
      role: "assistant",
      content: reply.text ?? null,
      tool_calls: calls.map(({ id, name, args }) => ({ id, function: { name, arguments: JSON.stringify(args) } })),
    });
    if (calls.length === 0) return { made, text: reply.text ?? "", messages };
    for (const { id, name, args } of calls) {
      made.push({ name, args });
      const count = made.filter((call) => call.name === name).length;
      messages.push({ role: "tool", tool_call_id: id, content: answers[name]?.(args, name, count) ?? "ok" });
    }
  }
  throw new Error("the brain did not end its turn");
}

const COMMANDER = ["dispatch_workers", "write", "bash"];
const commanderAnswers: Record<string, Answer> = {
  propose_design: () => "Design revision 3 is open.\n1. Approve\n2. Change",
  check_conflicts: (_args, _name, count) =>
    count === 1 ? "Refused (workers-running): w02 still runs.\nNext step: await_workers" : "clean",
  commit_changes: () => "committed abc123",
};

describe("the demo's Commander", () => {
  it("asks before it builds, and shows the choices it was given", async () => {
    const { made, text } = await play(
      COMMANDER,
      [{ role: "user", content: demoRequest(content, "en") }],
      commanderAnswers,
    );
    expect(made.map((call) => call.name)).toEqual(["propose_design"]);
    expect(text).toContain("1. Approve");
  });

  it("keeps the order of the workflow, approves the revision it was told, and waits again where a gate says so", async () => {
    const start = await play(COMMANDER, [{ role: "user", content: "go" }], commanderAnswers);
    const { made, text } = await play(COMMANDER, [...start.messages, { role: "user", content: "1" }], commanderAnswers);
    const order = made.map((call) => call.name).filter((name, index, all) => name !== all[index - 1]);
    expect(order).toEqual([
      "approve_design",
      "write",
      "complete_foundation",
      "dispatch_workers",
      "await_workers",
      "check_conflicts",
      "await_workers",
      "check_conflicts",
      "read_worker",
      "write",
      "run_qa",
      "commit_changes",
    ]);
    expect(made[0]?.args).toEqual({ revision: 3 });
    expect(made.filter((call) => call.name === "read_worker").map((call) => call.args.worker_id)).toEqual([
      "w01",
      "w02",
      "w03",
      "w04",
    ]);
    expect(made.filter((call) => call.name === "write").map((call) => call.args.filePath)).toEqual(
      [...content.foundation, ...content.integration].map((file) => file.path),
    );
    expect(text).toContain("committed abc123");
  });

  it("stops with the reason where a gate refuses", async () => {
    const start = await play(COMMANDER, [{ role: "user", content: "go" }], commanderAnswers);
    const { text, made } = await play(COMMANDER, [...start.messages, { role: "user", content: "hm" }], {
      ...commanderAnswers,
      approve_design: () => "Refused (not-approved): no yes yet.\nNext step: ask",
    });
    expect(made).toHaveLength(1);
    expect(text).toContain("no yes yet");
  });
});

describe("the demo's Workers", () => {
  const briefing = (name: string) => {
    const feature = content.features.find((known) => known.name === name);
    return [
      { role: "user", content: `# Workers\n- store: src/store/**\n- api: src/api/**\n\n# Your part\n${feature?.spec}` },
    ];
  };
  const TOOLS = ["report_result", "write", "bash", "task"];

  it("asks its helper, writes its files, runs its checks and reports what it ran", async () => {
    const { made } = await play(TOOLS, briefing("store"), {});
    expect(made.map((call) => call.name)).toEqual(["task", "write", "write", "write", "bash", "bash", "report_result"]);
    expect(made.at(-1)?.args).toMatchObject({
      status: "completed",
      qa: [
        { command: "npm run typecheck", passed: true },
        { command: "npm test -- src/store", passed: true },
      ],
    });
  });

  it("reports a failing check as failing", async () => {
    const { made } = await play(TOOLS, briefing("api"), {
      bash: (args) => (String(args.command).includes("test") ? "ℹ pass 2\nℹ fail 1" : ""),
    });
    expect(made.at(-1)?.args.qa).toEqual([
      { command: "npm run typecheck", passed: true },
      { command: "npm test -- src/api", passed: false },
    ]);
  });

  it("goes on inside its scope when a write outside is refused, and reports without checks where it has no bash", async () => {
    const { made } = await play(["report_result", "write"], briefing("ui"), {
      write: (args) => (String(args.filePath).startsWith("src/ui/") ? "ok" : "Refused (out-of-scope): src/types.ts"),
    });
    expect(made.map((call) => call.args.filePath ?? call.name)).toEqual([
      "src/types.ts",
      "src/ui/page.ts",
      "src/ui/ui.test.ts",
      "report_result",
    ]);
    expect(made.at(-1)?.args.qa).toEqual([]);
  });
});
