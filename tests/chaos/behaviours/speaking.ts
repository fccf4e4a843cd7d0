import { LONGEST_TURN } from "../../../src/core/gate/repetition.ts";
import type { Reply } from "../../../vllm/simulator/brain.ts";
import { call, calls, say } from "../../../vllm/simulator/brain.ts";
import { variedText } from "../random.ts";
import type { Behaviour } from "../scenario.ts";
import { LOOT } from "../stage.ts";

/** Characters of a huge argument: as long as fits into the model's context beside the huge command. */
const HUGE = 150_000;

const sse = (...deltas: readonly object[]): Reply => ({
  raw: {
    body: [
      ...deltas.map((delta, index) => ({
        id: "scripted",
        object: "chat.completion.chunk",
        created: 0,
        model: "scripted",
        choices: [{ index: 0, delta, finish_reason: index === deltas.length - 1 ? "stop" : null }],
      })),
    ]
      .map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`)
      .concat("data: [DONE]\n\n")
      .join(""),
  },
});

const DONE = {
  status: "completed",
  summary: "All is done.",
  qa: [{ command: "node check.mjs", passed: true }],
};
const done = call("report_result", DONE);
const nudged = (name: string, what: string, steps: Behaviour["steps"], more: Partial<Behaviour> = {}): Behaviour => ({
  name,
  what,
  role: "worker",
  limitS: 300,
  ends: ["done"],
  worker: ["completed"],
  steps,
  ...more,
});

/** Models whose answers are malformed, empty, endless, or no answer to what was asked. */
export const SPEAKING: readonly Behaviour[] = [
  nudged(
    "invents-tools",
    "a Worker calls tools that do not exist, or exist under another name",
    [
      calls(["deploy_to_production", { now: true }], ["write_file", { path: "x", text: LOOT }], ["functions.bash", {}]),
      calls(["str_replace_editor", { command: "create", path: "README.md", file_text: LOOT }], ["WRITE", {}]),
    ],
    { sample: true },
  ),
  nudged("wrong-types", "a Worker gives numbers, lists and objects where text is due", [
    calls(
      ["write", { filePath: 7, content: { a: [1] } }],
      ["bash", { command: ["ls", "-la"], description: 3 }],
      ["report_result", { status: true, summary: [1], qa: "yes" }],
      ["read", { filePath: null }],
    ),
  ]),
  nudged("json-in-strings", "a Worker sends lists and whole calls as JSON in strings", [
    call("report_result", { status: "completed", summary: "s", qa: '[{"command":"node check.mjs","passed":true}]' }),
    call("write", JSON.stringify(JSON.stringify({ filePath: "src/bad/s.mjs", content: "export const s = 1;\n" }))),
    call("bash", { command: '{"command":"ls"}', description: "odd" }),
  ]),
  nudged("broken-json", "a Worker's arguments are cut, half-quoted, or Python", [
    call("write", '{"filePath": "src/bad/cut.mjs", "content": "export const c'),
    call("bash", "{'command': 'ls', 'description': None}"),
    call(
      "report_result",
      '{"status": "completed", "summary": "s", "qa": [{"command": "node check.mjs", "passed": True}]',
    ),
  ]),
  nudged(
    "huge-arguments",
    "a Worker writes 150 KB in one argument, and runs a command of 140 KB, longer than Linux takes",
    (stage) => [
      call("write", { filePath: "src/bad/huge.txt", content: variedText(HUGE, stage.random) }),
      call("bash", {
        command: `wc -c <<'END'
${variedText(140_000, stage.random)}END`,
        description: "long",
      }),
    ],
    { limitS: 420 },
  ),
  nudged(
    "argument-without-end",
    "a Worker's one argument goes on beyond the length of any turn",
    (stage) => {
      const endless = variedText(LONGEST_TURN + 10_000, stage.random);
      return () => call("write", { filePath: "src/bad/endless.txt", content: endless });
    },
    {
      worker: ["failed"],
      check: async (stage) =>
        (await stage.project.read("src/bad/endless.txt")) === undefined ? [] : ["a cut argument was written"],
    },
  ),
  nudged("empty-calls", "a Worker makes calls without a name, without arguments, with empty arguments", [
    { toolCalls: [{ name: "", arguments: {} }] },
    calls(["write", ""], ["bash", {}], ["report_result", ""], ["read", "{}"]),
  ]),
  nudged(
    "function-text",
    "a Worker writes `<function=…>` into its text in place of calls, out of scope too",
    [
      say(
        `I write it.\n<function=write>\n<parameter=filePath>\nREADME.md\n</parameter>\n<parameter=content>\n${LOOT}\n</parameter>\n</function>`,
      ),
      say('<tool_call>\n{"name": "bash", "arguments": {"command": "ls src", "description": "look"}}\n</tool_call>'),
      say("<function=report_result>\n<parameter=status>\ncompleted\n</parameter>\n</function>\n</tool_call>".repeat(3)),
    ],
    { worker: ["completed", "failed"], sample: true },
  ),
  nudged(
    "endless-same-call",
    "a Worker makes the same call for ever",
    () => () => call("read", { filePath: "README.md" }),
    {
      worker: ["failed"],
      sample: true,
    },
  ),
  nudged(
    "endless-a-b-a-b",
    "a Worker alternates between the same two calls for ever",
    () => (index) =>
      index % 2 === 0 ? call("read", { filePath: "README.md" }) : call("glob", { pattern: "src/**/*.mjs" }),
    { worker: ["failed"] },
  ),
  nudged(
    "endless-repetition",
    "a Worker repeats one sentence thousands of times in each answer",
    () => {
      return () => say("I will now write the file. ".repeat(6_000));
    },
    { worker: ["failed"] },
  ),
  nudged(
    "endless-closing-tags",
    "a Worker closes tags that were never opened, for ever",
    () => {
      return () => say("</tool_call>\n</parameter>\n".repeat(3_000));
    },
    { worker: ["failed"] },
  ),
  nudged(
    "claims-done",
    "a Worker says that it is done, twice, and did nothing",
    () => () => say("All tests pass. Done!"),
    {
      worker: ["failed"],
    },
  ),
  nudged("reports-unproven", "a Worker reports completed without a check, with another's check, with a failed one", [
    done,
    calls(["bash", { command: "true", description: "x" }]),
    done,
    calls(["bash", { command: "node check.mjs; false", description: "x" }]),
    call("report_result", { status: "completed", summary: "s", qa: [] }),
  ]),
  nudged(
    "reports-twice",
    "a Worker reports completed, failed and completed again in one answer",
    [
      call("write", { filePath: "src/bad/a.mjs", content: "export const a = 1;\n" }),
      call("bash", { command: "node check.mjs", description: "check" }),
      calls(
        ["report_result", DONE],
        ["report_result", { status: "failed", summary: "I changed my mind" }],
        ["report_result", { ...DONE, summary: "again" }],
      ),
    ],
    { worker: ["completed", "failed"] },
  ),
  nudged("reports-for-another", "a Worker reports for another Worker, and cancels and retries it", [
    calls(
      ["report_result", { worker_id: "w01", worker: "w01", status: "failed", summary: "I am w01" }],
      ["cancel_worker", { worker_id: "w01", reason: "revert" }],
      ["retry_worker", { worker_id: "w01", instructions: LOOT }],
    ),
  ]),
  nudged("plays-the-commander", "a Worker uses every tool of the Commander's and starts a swarm inside the swarm", [
    calls(
      ["propose_design", { summary: "mine", features: [{ name: "x", description: "y" }] }],
      ["approve_design", { revision: 1 }],
      ["dispatch_workers", { workers: [{ name: "n", feature: "f", fileScope: ["**"], spec: LOOT }] }],
      ["run_qa", {}],
      ["commit_changes", { message: LOOT }],
    ),
    calls([
      "bash",
      { command: "opencode run 'autopilot: take over'; oh-my-qwencoder swarm abort", description: "nest" },
    ]),
  ]),
  nudged(
    "asks-the-person",
    "a Worker asks the person with the question tool, then reports blocked",
    [
      call("question", {
        questions: [{ question: "May I?", header: "Q", options: [{ label: "yes", description: "" }] }],
      }),
      call("report_result", { status: "blocked", summary: "Which colour?" }),
    ],
    { worker: ["blocked"] },
  ),
  nudged("empty-answers", "a Worker answers nothing at all, again and again", () => () => say(""), {
    worker: ["failed"],
  }),
  nudged(
    "only-reasoning",
    "a Worker reasons and neither speaks nor acts",
    () => {
      return () => sse({ role: "assistant" }, { reasoning_content: "Let me think about it. " }, { content: "" });
    },
    { worker: ["failed"] },
  ),
  nudged("another-language", "a Worker answers in Arabic, Korean and emoji, right to left", [
    say("سأكتب الملف الآن 🚀"),
    call("write", { filePath: "src/bad/اسم.txt", content: "مرحبا 안녕하세요\n" }, "파일을 씁니다"),
  ]),
  nudged(
    "two-hundred-calls",
    "a Worker makes 200 calls in one turn",
    [
      calls(
        ...Array.from({ length: 200 }, (_, n): [string, Record<string, unknown>] =>
          n % 4 === 0
            ? ["write", { filePath: `src/bad/n${n}.txt`, content: `${n}\n` }]
            : ["read", { filePath: "README.md", limit: n + 1 }],
        ),
      ),
    ],
    { limitS: 420 },
  ),
  nudged("parallel-race", "a Worker writes, checks and reports in one turn, side by side", [
    calls(
      ["write", { filePath: "src/bad/race.mjs", content: "export const r = 1;\n" }],
      ["bash", { command: "node check.mjs", description: "check" }],
      ["bash", { command: "sleep 1; echo 'export const late = 1;' > src/bad/late.mjs", description: "late" }],
      ["report_result", { status: "completed", summary: "raced", qa: [{ command: "node check.mjs", passed: true }] }],
      ["write", { filePath: "src/bad/race.mjs", content: "export const r = 2;\n" }],
    ),
  ]),
  nudged("hanging-shell", "a Worker's commands wait for input, for ever, or print without end", [
    call("bash", { command: "cat; read x; python3 -c 'input()'", description: "waits", timeout: 4_000 }),
    call("bash", { command: "sleep 100000", description: "sleeps", timeout: 2_000 }),
    call("bash", { command: "yes | head -c 20000000", description: "floods", timeout: 20_000 }),
  ]),
  nudged(
    "never-reports",
    "a Worker works well and never reports",
    () => (index) =>
      index === 0
        ? call("write", { filePath: "src/bad/a.mjs", content: "export const a = 1;\n" })
        : say("I am finished with my part."),
    { worker: ["failed"] },
  ),
];
