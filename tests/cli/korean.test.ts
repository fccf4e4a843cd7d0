import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeLive } from "../../src/adapters/view/liveFile.ts";
import { cellsOf } from "../../src/core/view/cells.ts";
import type { SwarmCommand } from "../../src/core/workflow/commands.ts";
import { cli, makeWorld, put } from "./io.ts";
import { SWARM, upToMonitoring, writeSwarm } from "./swarm/liveSwarm.ts";

/** Names, units and words that are the same in Korean. What stands in backticks is a command, a flag or a file. */
const NAMES = new Set(
  [
    "Worker Scout Librarian Commander GPU CPU QA KV GDN GiB MiB tok bf16 fp8 bit config align none admission",
    "vLLM Qwen3 Qwen Coder Next FP8 AWQ NVFP4 NVIDIA H100 H200 RTX PRO FlashInfer Hopper Blackwell SXM PCIe",
    "fusion off local prefix GB p50 p95 autopilot",
    // What the swarms of these tests are made of.
    "store api test npm passed failed board",
  ].flatMap((words) => words.split(" ")),
);

/** The words of a Korean text that are not Korean, and have no business in it. */
function englishIn(text: string): string[] {
  return text
    .replaceAll(/`[^`]*`/gu, " ")
    .replaceAll(/https?:\S+|--recipe [a-z0-9-]+|--[a-z-]+|[\w.*-]*\/[\w.*/-]+|\bs-\d{8}-\d{6}-\w+/gu, " ")
    .split(/[^A-Za-z0-9]+/u)
    .filter((word) => /[A-Za-z]{3}/u.test(word) && !NAMES.has(word));
}

it("tells English from what is the same in Korean", () => {
  expect(englishIn("Worker w01 은(는) H200에서 `swarm resume` 을 기다림 (src/store/a.ts, --tp 2)")).toEqual([]);
  expect(englishIn("스웜 · monitoring · pool = 48 GiB, as given")).toEqual(["monitoring", "pool", "given"]);
});

const AT = Date.UTC(2026, 0, 1, 13);
const said = (text: string): SwarmCommand => ({ type: "person_spoke", at: AT, text, autopilot: false, via: "message" });
const row = {
  ...{ check: "test", kind: "test" as const, command: "npm test", durationMs: 5, output: "" },
  ...{ passed: true, detail: "3 passed", flaky: true },
};
const cut: SwarmCommand = { type: "commander_ran_away", at: AT, session: "ses_commander", kind: "repeatedLine" };
const worker = { at: AT, worker: "w01" } as const;
const begun = upToMonitoring.slice(0, 1);
const proposed: SwarmCommand[] = [
  ...begun,
  said("공지 게시판을 만들어줘"),
  {
    ...{ type: "propose_design", at: AT, summary: "게시판", qaStrategy: "commander-all" },
    features: [{ name: "board", description: "글" }],
  },
];
const integrated: SwarmCommand[] = [
  ...upToMonitoring,
  { type: "cancel_worker", ...worker, reason: "필요 없음", reverted: [] },
  { type: "worker_failed", at: AT, worker: "w02", reason: "실패" },
  { type: "read_worker", at: AT, worker: "w01" },
  { type: "read_worker", at: AT, worker: "w02" },
  { type: "check_conflicts", at: AT, tree: "t1", rows: [] },
  {
    ...{ type: "qa_ran", at: AT, tree: "t1", rows: [row], required: ["test"], stable: true, changedByQa: [] },
    sandboxed: true,
  },
];

/** A swarm in every phase, with everything that may hold one up. */
const swarms: Record<string, readonly SwarmCommand[]> = {
  "at the design": begun,
  "with a design that waits": proposed,
  "with an approved design": [...proposed, said("좋아"), { type: "approve_design", at: AT, revision: 1 }],
  "after the foundation": upToMonitoring.slice(0, 4),
  "at work": upToMonitoring,
  "waiting for the server": [
    ...upToMonitoring,
    {
      ...{ type: "worker_request_failed", ...worker, failure: "429", retryable: true, detail: "", jitter: 1 },
      lastWords: "",
    },
  ],
  stalled: [...upToMonitoring, { type: "worker_stalled", ...worker, waitedMs: 60_000 }],
  "stopped by the person": [...upToMonitoring, { type: "person_aborted", at: AT, session: "ses_commander" }],
  "cut again and again": [...upToMonitoring, cut, cut, cut],
  aborted: [...upToMonitoring, { type: "abort_swarm", at: AT, by: "command-line", reason: "브랜치가 다름" }],
  "about to commit": integrated,
  done: [...integrated, { type: "commit_landed", at: AT, message: "게시판", commit: "c1", tree: "t1", paths: [] }],
};

describe("a swarm in Korean", () => {
  it.each(Object.entries(swarms))("%s", async (_name, commands) => {
    const { project, env } = makeWorld();
    await writeSwarm(project, commands);
    await writeLive(join(project, ".aegis"), {
      ...{ at: Date.now(), pid: process.pid, swarm: SWARM, primary: "local", servers: [] },
      workers: { w01: { doing: "waiting for the GPU (2 ahead)" } },
    });
    for (const columns of [37, 80, 200]) {
      const at = { cwd: project, env, columns };
      for (const argv of [["swarm", "status"], ["hud"]]) {
        const { code, out } = await cli([...argv, "--lang", "ko"], at);
        expect([code, englishIn(out), out]).toEqual([0, [], out]);
        // Tables of checks and what stands in one word may be wider; sentences are broken for the terminal.
        const sentences = out.split("\n").filter((line) => /습니다|하세요/u.test(line));
        if (columns >= 80) for (const line of sentences) expect(cellsOf(line), line).toBeLessThanOrEqual(columns);
      }
    }
  });
});

describe("a plan in Korean", () => {
  const config = { num_hidden_layers: 28, num_attention_heads: 28, num_key_value_heads: 4, hidden_size: 3584 };
  it.each([
    [[]],
    [["--workers", "8", "--kv-dtype", "bf16"]],
    [["--workers", "40"]],
    [["--workers", "8", "--pool-gib", "1"]],
    [["--gpu", "h100", "--workers", "8"]],
    [["--gpu-gib", "96", "--tp", "2"]],
    [["--recipe", "tiny"]],
    [["--recipe", "qwen3-coder-next-4bit-rtx-pro-6000"]],
    [["--vllm", "0.40", "--gpu", "rtx-pro-6000"]],
    [["--config", "./config.json", "--pool-gib", "24.83", "--ctx", "16384"]],
    [["--config", "./config.json", "--gpu", "cpu", "--ctx", "16384"]],
  ])("%j", async (flags) => {
    const { dir, env } = makeWorld();
    put(join(dir, "config.json"), JSON.stringify(config));
    const { code, out } = await cli(["plan", ...flags, "--lang", "ko"], { cwd: dir, env });
    expect([code, englishIn(out), out]).toEqual([0, [], out]);
  });

  it("is the same for programs", async () => {
    const { dir, env } = makeWorld();
    const plan = async (lang: string) => (await cli(["plan", "--json", "--lang", lang], { cwd: dir, env })).out;
    expect(await plan("ko")).toBe(await plan("en"));
  });
});
