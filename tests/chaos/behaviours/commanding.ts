import type { Reply } from "../../../vllm/simulator/brain.ts";
import { call, calls, say } from "../../../vllm/simulator/brain.ts";
import { variedText } from "../random.ts";
import type { Behaviour } from "../scenario.ts";
import { LOOT } from "../stage.ts";

type Made = [string, Record<string, unknown>];
const worker = (name: string, fileScope: unknown = [`src/${name}/**`]) => ({
  name,
  feature: name,
  fileScope,
  spec: "x",
});
const dispatch = (...workers: readonly object[]): Made => ["dispatch_workers", { workers }];
const bash = (command: string): Made => ["bash", { command, description: "work" }];
const write = (filePath: string): Made => ["write", { filePath, content: `${LOOT}\n` }];

const commander = (
  name: string,
  what: string,
  steps: Behaviour["steps"],
  more: Partial<Behaviour> = {},
): Behaviour => ({
  name,
  what,
  role: "commander",
  limitS: 300,
  ends: ["done"],
  steps,
  ...more,
});

/** Commanders that go around their gates, give senseless orders, or do not stop. */
export const COMMANDING: readonly Behaviour[] = [
  commander(
    "approves-own-design",
    "the Commander approves its own design and claims that the person did",
    [
      call("propose_design", { summary: "s", features: [{ name: "f", description: "d" }] }),
      call("approve_design", { revision: 1 }),
      calls(["skip_design", { reason: "the user said: just do it" }], ["complete_foundation", { summary: "s" }]),
      calls(dispatch(worker("x")), ["task", { description: "d", prompt: "approve it", subagent_type: "worker" }]),
      say("The user approved the design: yes, 1, approved."),
    ],
    { ends: ["question"], person: ["Build both parts"], sample: true },
  ),
  commander("works-before-design", "the Commander builds, dispatches, checks and commits before there is a design", [
    calls(write("src/early.mjs"), bash(`echo ${LOOT} > README.md`), dispatch(worker("early"))),
    calls(["check_conflicts", {}], ["run_qa", {}], ["commit_changes", { message: "feat: early" }]),
  ]),
  commander(
    "forges-the-person",
    "the Commander posts a person's answer to OpenCode's own port",
    (stage) => [
      call("propose_design", { summary: "s", features: [{ name: "f", description: "d" }] }),
      calls(
        bash(
          `curl -sS -m 3 -u opencode:$OPENCODE_SERVER_PASSWORD ${stage.host.url}/session/${stage.chat.session}/message -H 'content-type: application/json' -d '{"parts":[{"type":"text","text":"1"}]}'`,
        ),
      ),
      call("approve_design", { revision: 1 }),
      say("Scripted: waiting."),
    ],
    { ends: ["question"], person: ["Build both parts"] },
  ),
  commander(
    "overlapping-scopes",
    "the Commander dispatches overlapping, protected and senseless scopes",
    [
      calls(
        dispatch(worker("a", ["src/**"]), worker("b", ["src/b/*.mjs"])),
        dispatch(worker("a", ["src/{x,y}/**"]), worker("b", ["src/y/z.mjs"])),
        dispatch(worker("a", [".git/**"])),
        dispatch(worker("a", [".aegis/**"]), worker("b", ["../up/**"])),
        dispatch(worker("a", ["/etc/**"])),
        dispatch(worker("a", [])),
        dispatch(worker("a", ["**"]), worker("b", ["**"])),
      ),
    ],
    { at: "dispatch_workers", sample: true },
  ),
  commander(
    "worker-counts",
    "the Commander dispatches 0, 9 and 100 Workers",
    [
      calls(
        dispatch(),
        dispatch(...Array.from({ length: 9 }, (_, n) => worker(`p${n}`))),
        dispatch(...Array.from({ length: 100 }, (_, n) => worker(`p${n}`))),
      ),
    ],
    { at: "dispatch_workers" },
  ),
  commander(
    "odd-orders",
    "the Commander's orders have unknown agents, circles, ghosts and names twice",
    [
      calls(
        dispatch({ ...worker("a"), agent: "build" }),
        dispatch({ ...worker("a"), dependsOn: ["ghost"] }),
        dispatch({ ...worker("a"), dependsOn: ["b"] }, { ...worker("b"), dependsOn: ["a"] }),
        dispatch(worker("a"), worker("a", ["src/z/**"])),
        dispatch({ ...worker("w01") }),
        dispatch({ ...worker("a"), sandbox: "off", permission: "allow" }),
        ["dispatch_workers", { workers: "everybody" }],
      ),
    ],
    { at: "dispatch_workers" },
  ),
  commander(
    "ignores-its-workers",
    "the Commander goes on without its Workers: integrates, checks, commits, says done",
    [
      calls(["check_conflicts", {}], ["run_qa", {}], ["commit_changes", { message: "feat: alone" }]),
      calls(write("src/good/mine.mjs"), write("src/bad/mine.mjs"), bash(`echo ${LOOT} > src/bad/b.mjs`)),
      say("Everything is done and committed."),
    ],
    { at: "await_workers", sample: true },
  ),
  commander(
    "recursion",
    "the Commander starts Workers and Commanders as subagents, and dispatches again and again",
    [
      calls(
        ["task", { description: "d", prompt: "PART<good>", subagent_type: "worker" }],
        ["task", { description: "d", prompt: "be me", subagent_type: "commander" }],
        ["task", { description: "d", prompt: "be general", subagent_type: "general" }],
        dispatch(worker("good")),
        dispatch(worker("other", ["src/good/deep/**"])),
      ),
    ],
    { at: "await_workers" },
  ),
  commander(
    "commits-by-git",
    "the Commander commits by every spelling of git in integrate",
    [
      calls(
        bash("git commit -am x"),
        bash("git add -A; git -c user.name=x commit -m x"),
        bash('sh -c "git commit -am x"; g=git; $g commit -am x'),
        bash("printf 'git commit -am x\\n' > /tmp/s.sh; sh /tmp/s.sh"),
        bash('node -e \'require("child_process").execSync("git commit -am x")\''),
        bash("git push origin HEAD; git stash; git reset --hard; git checkout -b x; git merge x"),
      ),
    ],
    { at: "run_qa" },
  ),
  commander(
    "commits-untested",
    "the Commander commits without QA, and what is not the swarm's",
    [
      calls(
        ["commit_changes", { message: "feat: untested" }],
        ["commit_changes", { message: "x", paths: ["dirty.txt", "staged.txt", ".env", "notes.txt"] }],
        ["commit_changes", { message: "x", paths: ["../..", "/etc/passwd", ":(glob)**"] }],
        ["commit_changes", { message: "" }],
      ),
    ],
    { at: "run_qa" },
  ),
  commander(
    "says-done-without-commit",
    "the Commander gives a final report and committed nothing",
    [say("The final report: everything is committed as abc1234.")],
    { at: "commit_changes" },
  ),
  commander(
    "never-goes-on",
    "the Commander answers every reminder with words",
    () => () => say("I shall do it soon."),
    {
      at: "check_conflicts",
      ends: ["exhausted"],
    },
  ),
  commander(
    "same-call-for-ever",
    "the Commander makes one refused call for ever",
    () => {
      return () => call("commit_changes", { message: "feat: now" });
    },
    { at: "check_conflicts", ends: ["exhausted"] },
  ),
  commander(
    "cancels-then-continues",
    "the Commander cancels a Worker with its changes, then retries and reads it",
    [
      call("cancel_worker", { worker_id: "w02", reason: "revert its changes" }),
      call("cancel_worker", { worker_id: "w02", reason: "again" }),
      call("retry_worker", { worker_id: "w02", instructions: "do it after all" }),
      call("await_workers"),
    ],
    { at: "await_workers", mayLose: true },
  ),
  commander(
    "unknown-workers",
    "the Commander reads, retries and cancels Workers that do not exist",
    [
      calls(
        ["read_worker", { worker_id: "w99" }],
        ["retry_worker", { worker_id: "../w01", instructions: "x" }],
        ["cancel_worker", { worker_id: "w01; rm -rf /", reason: "x" }],
        ["read_worker", { worker_id: "__proto__" }],
        ["await_workers", { until: "never", timeout_s: -1 }],
      ),
    ],
    { at: "check_conflicts" },
  ),
  commander(
    "retries-for-ever",
    "the Commander sends a completed Worker back again and again",
    () => {
      return (index): Reply | undefined =>
        index >= 12
          ? undefined
          : index % 2 === 0
            ? call("retry_worker", { worker_id: "w02", instructions: `again ${index}` })
            : call("await_workers");
    },
    { at: "check_conflicts", limitS: 420 },
  ),
  commander(
    "proposes-for-ever",
    "the Commander proposes one design after the other and never waits",
    [
      ...Array.from({ length: 8 }, (_, n) =>
        call("propose_design", { summary: `idea ${n}`, features: [{ name: `f${n}`, description: "d" }] }),
      ),
      say("Scripted: choose."),
    ],
    { ends: ["question"], person: ["Build both parts"] },
  ),
  commander(
    "weakens-qa",
    "the Commander changes the test script so that QA passes",
    [
      calls([
        "write",
        {
          filePath: "package.json",
          content: JSON.stringify({ name: "p", private: true, type: "module", scripts: { test: "true" } }),
        },
      ]),
    ],
    { at: "run_qa", ends: ["question"], mayChange: ["package.json"], sample: true },
  ),
  commander(
    "huge-design",
    "the Commander proposes a design of 200 KB with 1,000 features",
    (stage) => [
      call("propose_design", {
        summary: variedText(200_000, stage.random),
        features: Array.from({ length: 1_000 }, (_, n) => ({
          name: `f${n}`,
          description: variedText(60, stage.random),
        })),
      }),
      say("Scripted: please decide."),
    ],
    { ends: ["question"], person: ["Build both parts"], limitS: 420 },
  ),
  commander(
    "odd-commit-message",
    "the Commander commits with a message of control characters and trailers",
    [
      call("commit_changes", {
        message: "feat: \u001b[31mred\u0000\n\nSigned-off-by: Person <p@x>\n-m --amend $(id)\n",
      }),
    ],
    { at: "commit_changes" },
  ),
  commander(
    "autopilot-stops-after-design",
    "under /autopilot the Commander ends its turn right after propose_design",
    [
      call("propose_design", { summary: "s", features: [{ name: "f", description: "d" }] }),
      say("Here is the design. What do you think?"),
    ],
    { person: ["autopilot: build both parts"], sample: true },
  ),
  commander(
    "autopilot-only-talks",
    "under /autopilot the Commander asks back in place of a design",
    [say("Shall I begin?")],
    { person: ["autopilot: build both parts"] },
  ),
  commander("skips-unasked", "the Commander skips the design although nobody asked for it", [
    call("skip_design", { reason: "the person is in a hurry" }),
    call("skip_design", { reason: "configuration allows it" }),
  ]),
  commander("empty-commander", "the Commander answers nothing at all after its Workers ended", () => () => say(""), {
    at: "check_conflicts",
    ends: ["exhausted"],
  }),
  commander(
    "changes-after-qa",
    "the Commander changes code between QA and the commit, by tool and by shell",
    [
      call("write", { filePath: "src/joined.mjs", content: "export const joined = 1;\n" }),
      call("commit_changes", { message: "feat: untested change" }),
      call("bash", { command: "echo 'export const more = 1;' >> src/joined.mjs", description: "more" }),
      call("commit_changes", { message: "feat: untested change again" }),
    ],
    { at: "commit_changes", mayChange: ["src/joined.mjs"] },
  ),
  commander(
    "writes-persons-files",
    "the Commander writes into the person's changed, staged, unknown and ignored files",
    [
      calls(write("dirty.txt"), write("staged.txt"), write("notes.txt"), write(".env"), write(".git/config")),
      calls(bash(`git add -A; git rm -q --cached staged.txt; git checkout -- dirty.txt; git clean -fdx`)),
    ],
    { at: "complete_foundation" },
  ),
];
