import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { loadDemoContent } from "../../src/cli/demo/content.ts";
import { findOpencode } from "../../src/cli/demo/environment.ts";
import { demoBrain } from "../../src/cli/demo/scenario.ts";
import { packageDir } from "../../tests/e2e/world.ts";
import { prefixShare } from "../../vllm/capacity/prefixShare.ts";
import { type RecordedRequest, startScriptedServer } from "../../vllm/simulator/scriptedServer.ts";
import { finish, machine, progress, readArguments } from "./report.ts";

/** Qwen3-Coder-Next's attention block with bf16 and fp8 KV, and vLLM's own of dense models (facts: capacity model). */
const BLOCKS = [16, 544, 1_072];
/** `--prefix-match-unit` of the recipes, which vLLM has since 0.28. */
const UNIT = 16;
/** Of all prompt tokens of a demo swarm, at every block size. */
const GOAL = 0.85;
/** Characters to a token: Qwen3's tokenizer makes 4.05 to 4.26 of these requests, by role; the share hardly depends on it. */
const CHARACTERS = 4;

const body = z.looseObject({
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })),
  tools: z.array(z.unknown()).default([]),
});

/** The share of a demo swarm's prompt tokens that a prefix cache holds, by hash accounting over the recorded requests. */
export async function bench(args: readonly string[]): Promise<void> {
  const options = readArguments(args, { name: "workers", fallback: 8 });
  const { stdout: version } = await execa(await findOpencode({ PATH: "" }, packageDir), ["--version"]);
  const about = machine(version.trim());
  progress(`a demo swarm of ${options.count} Workers; this takes about a minute`);
  const requests = await demoRequests(options.count);
  const roles = [...new Set(requests.map(({ role }) => role))].sort();
  const prompts = requests.map((request) => tokensOf(request));
  const shares = Object.fromEntries(BLOCKS.map((block) => [block, prefixShare(prompts, block)]));
  const inUnits = Object.fromEntries(BLOCKS.map((block) => [block, prefixShare(prompts, block, UNIT)]));
  const byRole = Object.fromEntries(
    roles.map((role) => {
      const own = prompts.filter((_, index) => requests[index]?.role === role);
      return [role, { requests: own.length, tokens: own.reduce((sum, { length }) => sum + length, 0) }];
    }),
  );
  const met = Object.values(inUnits).every(({ share }) => share >= GOAL);
  const result = {
    bench: "prefix",
    machine: about,
    workers: options.count,
    roles: byRole,
    unit: UNIT,
    inUnits,
    shares,
    goal: GOAL,
    met,
  };
  finish(
    result,
    [
      ...Object.entries(byRole).map(
        ([role, { requests: n, tokens }]) => `${role.padEnd(10)} ${n} requests, ${tokens} tokens`,
      ),
      ...Object.entries(shares).map(
        ([block, { share }]) =>
          `block ${block.padStart(5)}: ${percent(inUnits[block]?.share)} from the cache in units of ${UNIT}, ${percent(share)} by whole blocks`,
      ),
      `goal: ${GOAL * 100} % at every size`,
    ],
    options.json,
  );
}

function percent(share = 0): string {
  return `${(share * 100).toFixed(1)} %`;
}

async function demoRequests(workers: number): Promise<readonly RecordedRequest[]> {
  const content = await loadDemoContent(join(packageDir, "templates", "demo-project"), workers);
  const modelId = "scripted-qwen3-coder-next";
  const model = await startScriptedServer({ brain: demoBrain(content, "en"), modelId, latencyMs: 100 });
  try {
    const cli = join(packageDir, "bin", "oh-my-qwencoder.js");
    const argv = [cli, "demo", "--workers", String(workers), "--base-url", model.baseUrl, "--model", modelId];
    await execa(process.execPath, argv, { env: { LANG: "C.UTF-8" } });
    return [...model.requests()].filter(({ role }) => role !== "title").sort((a, b) => a.startedAt - b.startedAt);
  } finally {
    await model.close();
  }
}

/** A request in the order of Qwen's chat template: system prompt, tools, then the conversation. */
function tokensOf(request: RecordedRequest): string[] {
  const { messages, tools } = body.parse(request.body);
  const of = (system: boolean) => messages.filter(({ role }) => (role === "system") === system);
  const text = [...of(true), ...tools, ...of(false)].map((part) => JSON.stringify(part)).join("\n");
  return text.match(new RegExp(`[^]{1,${CHARACTERS}}`, "gu")) ?? [];
}
