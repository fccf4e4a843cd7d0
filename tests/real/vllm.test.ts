import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { recipes } from "../../vllm/recipes/recipe.ts";
import { EIGHT_LAYERS } from "../vllm/capacity/eightLayers.ts";
import { freePort, isGone } from "../vllm/server/scriptedVllm.fixture.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const bin = join(root, "bin/oh-my-qwencoder.js");
const venv = process.env.OMQ_REAL_VLLM;
if (venv === undefined) throw new Error("run these tests with `npm run test:vllm`");
const python = join(venv, "bin/python");

/** The tiny recipe's model with weights, and eight layers of the product's own architecture without. */
const models = { dense: "", hybrid: "" };
let dir = "";

const hybrid = {
  ...EIGHT_LAYERS,
  architectures: ["Qwen3NextForCausalLM"],
  model_type: "qwen3_next",
  intermediate_size: 128,
  num_experts: 4,
  num_experts_per_tok: 2,
  moe_intermediate_size: 64,
  shared_expert_intermediate_size: 64,
  decoder_sparse_step: 1,
  vocab_size: 1024,
  max_position_embeddings: 4096,
  dtype: "bfloat16",
};

beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "omq-real-vllm-")));
  writeFileSync(join(dir, "hybrid.json"), JSON.stringify(hybrid));
  const write = async (kind: "dense" | "hybrid", config: string) => {
    models[kind] = join(dir, kind);
    const words = [kind, config, join(root, "README.md"), models[kind]];
    await execa(python, [join(root, "tests/real/writeModel.py"), ...words]);
  };
  await write("dense", join(root, "vllm/recipes/models/tiny.json"));
  await write("hybrid", join(dir, "hybrid.json"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A home, a project and a port of their own; whatever was started is stopped with the test. */
async function makeServing(model: string, more: Record<string, string> = {}) {
  const world = mkdtempSync(join(dir, "world-"));
  const project = join(world, "project");
  mkdirSync(project);
  await execa("git", ["init", "-q", project]);
  const port = await freePort();
  const env = {
    PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH ?? ""}`,
    HOME: join(world, "home"),
    LANG: "C",
    AEGIS_VLLM: join(venv ?? "", "bin/vllm"),
    AEGIS_PORT: String(port),
    AEGIS_MODEL: model,
    HF_HUB_OFFLINE: "1",
    VLLM_NO_USAGE_STATS: "1",
    // The share of memory is measured when vLLM starts: kept small for machines that do other things too.
    AEGIS_MEM: "0.2",
    ...more,
  };
  const run = async (...argv: string[]) => {
    const ended = await execa(process.execPath, [bin, ...argv], { cwd: project, env, extendEnv: false, reject: false });
    return { code: ended.exitCode, out: String(ended.stdout), err: String(ended.stderr) };
  };
  onTestFinished(async () => {
    await run("stop-vllm", "--timeout", "20");
  });
  return { port, run, project, client: new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: "none" }) };
}

const metric = (text: string, name: string): number =>
  Number(new RegExp(`^vllm:${name}(?:\\{[^}]*\\})? ([\\d.e+]+)$`, "m").exec(text)?.[1] ?? Number.NaN);
const metricsOf = async (port: number) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();

/** What a person would see: kept in the test's output, since it is a measurement. */
const show = (title: string, text: string) => console.log(`--- ${title}\n${text}`);

describe("a real vLLM on a CPU", () => {
  it("its own parser takes the words of every recipe, and knows no --disable-log-requests", async () => {
    const { run } = await makeServing("", { AEGIS_MODEL: "" });
    const asked = recipes().map((recipe) => recipe.id);
    const lists: string[][] = [];
    for (const id of asked) {
      const dry = await run("start-vllm", "--recipe", id, "--dry-run", "--json");
      const { argv, warnings }: { argv: string[]; warnings: string[] } = JSON.parse(dry.out);
      // The version is among the tables, so nothing is assumed and nothing had to be left out.
      expect(warnings.join("\n")).not.toMatch(/are assumed|left out/);
      lists.push(argv.slice(argv.indexOf("serve") + 1));
    }
    const words = [...lists, [...(lists[0] ?? []), "--disable-log-requests"]];
    const parsed = await execa(python, [join(root, "tests/real/parseArguments.py")], { input: JSON.stringify(words) });
    const answers: Record<string, unknown>[] = JSON.parse(String(parsed.stdout).split("\n").at(-1) ?? "[]");
    for (const [index, recipe] of recipes().entries())
      expect([recipe.id, answers[index]]).toEqual([
        recipe.id,
        expect.objectContaining({
          model_tag: recipe.model,
          max_num_seqs: recipe.maxNumSeqs,
          max_model_len: recipe.context,
          enable_prefix_caching: true,
        }),
      ]);
    expect(answers.at(-1)?.refused).toMatch(/unrecognized arguments: --disable-log-requests/);
  });

  it("loads weights, answers, streams, is seen by doctor and plan, logs and stops", async () => {
    const { port, run, client } = await makeServing(models.dense);
    const tools = ["--enable-auto-tool-choice", "--tool-call-parser", "qwen3_coder"];
    const started = await run(
      "start-vllm",
      "--recipe",
      "tiny",
      "--wait",
      "--json",
      "--",
      "--load-format",
      "auto",
      ...tools,
    );
    show("start-vllm --recipe tiny --wait", started.err);
    expect(started.code).toBe(0);
    expect(started.err).toMatch(
      /starting the engine[\s\S]*loading weights[\s\S]*measuring memory[\s\S]*listening[\s\S]*Ready: tiny/,
    );
    expect(started.err).not.toContain("compiling");
    const { pid, reported } = JSON.parse(started.out);
    expect(reported.context).toBe(2048);
    // The log gives the pool to two digits: the prediction is as near as that allows.
    const [, predicted = "", said = ""] =
      /Predicted ([\d,]+) tokens.*the log says ([\d,]+) tokens/.exec(started.err) ?? [];
    const numberOf = (text: string) => Number(text.replaceAll(",", ""));
    expect(Math.abs(numberOf(predicted) / numberOf(said) - 1)).toBeLessThan(0.005 / reported.poolGib);

    const plan = await run(
      "plan",
      "--config",
      join(models.dense, "config.json"),
      "--gpu",
      "cpu",
      "--ctx",
      "2048",
      "--server",
      `http://127.0.0.1:${port}`,
    );
    show("plan --server", plan.out);
    const holds = /predicted ([\d,]+) tokens, ([\d.]+)x; reported ([\d,]+) tokens, ([\d.]+)x/.exec(plan.out);
    expect(holds?.slice(1, 3)).toEqual(holds?.slice(3, 5));
    expect(plan.out).toContain("block: predicted 128 tokens, reported 128");

    const plain = await client.completions.create({ model: "tiny", prompt: "const x =", max_tokens: 8 });
    expect([plain.usage?.completion_tokens, plain.choices[0]?.finish_reason]).toEqual([8, "length"]);
    let text = "";
    let finished: string | null | undefined;
    const stream = await client.chat.completions.create({
      model: "tiny",
      stream: true,
      max_tokens: 16,
      messages: [{ role: "user", content: "Say something." }],
    });
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      finished = chunk.choices[0]?.finish_reason ?? finished;
    }
    expect([text.length > 0, finished]).toEqual([true, "length"]);
    const metrics = await metricsOf(port);
    // Readiness asked for one token, then 8 and 16; doctor has not asked yet.
    expect(metric(metrics, "generation_tokens_total")).toBe(25);
    expect(
      ["num_requests_running", "num_requests_waiting", "kv_cache_usage_perc"].map((name) => metric(metrics, name)),
    ).toEqual([0, 0, 0]);

    await run("install", "--yes", "--base-url", `http://127.0.0.1:${port}/v1`, "--model", "tiny");
    const doctor = await run("doctor", "--json");
    const checks: { name: string; status: string; seen: string }[] = JSON.parse(doctor.out).checks;
    const row = (name: string) => checks.find((check) => check.name === name);
    show("doctor", checks.map((check) => `${check.status} ${check.name}: ${check.seen}`).join("\n"));
    expect(row("base-url")?.status).toBe("ok");
    expect(row("model")?.status).toBe("ok");
    expect(row("context")).toMatchObject({ status: "ok", seen: expect.stringContaining("2048") });
    // A model of random weights calls no tool; the server must have taken the request all the same.
    expect(row("tool-call")).toMatchObject({ status: "warn", seen: expect.stringContaining("called no tool") });

    const again = JSON.parse((await run("start-vllm", "--recipe", "tiny", "--json")).out);
    expect(again).toMatchObject({ started: false, pid });
    expect((await run("logs-vllm", "--lines", "2000")).out).toContain("Application startup complete");
    const stopped = JSON.parse((await run("stop-vllm", "--json")).out);
    expect(stopped).toMatchObject({ stopped: true, pid, killed: false });
    expect(isGone(pid)).toBe(true);
  });

  it("serves the hybrid architecture with the block and the KV cache that plan predicts, and caches its prefixes", async () => {
    const { port, run, client } = await makeServing(models.hybrid);
    const words = ["--max-num-seqs", "4", "--mamba-cache-mode", "align", "--kv-cache-memory-bytes", String(2 ** 30)];
    const started = await run("start-vllm", "--recipe", "tiny", "--wait", "--json", "--", ...words);
    show("start-vllm of a qwen3_next", started.err);
    expect(started.code).toBe(0);
    const { reported } = JSON.parse(started.out);
    const flags = ["--config", join(models.hybrid, "config.json"), "--gpu", "cpu", "--pool-gib", "1", "--ctx", "2048"];
    const plan = JSON.parse((await run("plan", ...flags, "--server", `http://127.0.0.1:${port}`, "--json")).out);
    expect(plan).toMatchObject({ block_size: reported.blockSize, kv_cache_tokens: reported.kvCacheTokens });
    expect(plan.max_concurrency.toFixed(2)).toBe(reported.maxConcurrency.toFixed(2));
    expect(plan.reported).toMatchObject({
      block_size: plan.block_size,
      kv_cache_tokens: plan.kv_cache_tokens,
      max_concurrency: plan.max_concurrency,
    });
    expect(started.err).toMatch(/Predicted ([\d,]+) tokens of KV cache, ([\d.]+)x; the log says \1 tokens, \2x/);
    const prompt = "one line after another\n".repeat(60);
    for (let turn = 0; turn < 4; turn += 1) await client.completions.create({ model: "tiny", prompt, max_tokens: 2 });
    const metrics = await metricsOf(port);
    const [asked, hit] = ["prefix_cache_queries_total", "prefix_cache_hits_total"].map((name) => metric(metrics, name));
    show("prefix cache", `${hit} of ${asked} tokens, blocks of ${plan.block_size}`);
    // States are kept at the ends of whole blocks only.
    expect(hit).toBeGreaterThan(0);
    expect((hit ?? 0) % plan.block_size).toBe(0);
  });

  it("--prefix-match-unit finds what lies inside a block of a hybrid, and changes no answer", async () => {
    const turns = [
      "one line after another\n".repeat(60),
      "and a tool's result\n".repeat(9),
      "and one more\n".repeat(5),
    ];
    const talk = async (...unit: string[]) => {
      const { port, run, client } = await makeServing(models.hybrid);
      const words = ["--max-num-seqs", "4", "--mamba-cache-mode", "align", "--kv-cache-memory-bytes", String(2 ** 30)];
      const started = await run("start-vllm", "--recipe", "tiny", "--wait", "--json", "--", ...words, ...unit);
      expect(started.code).toBe(0);
      const answers: string[] = [];
      let prompt = "";
      for (const turn of turns) {
        prompt += turn;
        const asked = { model: "tiny", prompt, max_tokens: 12, temperature: 0 };
        const text = (await client.completions.create(asked)).choices[0]?.text ?? "";
        answers.push(text);
        prompt += text;
      }
      const metrics = await metricsOf(port);
      await run("stop-vllm", "--timeout", "20");
      return {
        answers,
        hit: metric(metrics, "prefix_cache_hits_total"),
        asked: metric(metrics, "prefix_cache_queries_total"),
      };
    };
    const whole = await talk();
    const fine = await talk("--prefix-match-unit", "16");
    show(
      "prefix cache in a conversation",
      `whole blocks ${whole.hit}, units of 16 ${fine.hit}, of ${fine.asked} tokens`,
    );
    expect(fine.answers).toEqual(whole.answers);
    expect(fine.hit).toBeGreaterThan(whole.hit);
  });

  it("names the mend of a fatal line, and leaves nothing", async () => {
    const { run } = await makeServing(models.dense);
    // Two blocks of 128 tokens: less than one request of 2,048 needs.
    const failed = await run(
      "start-vllm",
      "--recipe",
      "tiny",
      "--wait",
      "--json",
      "--",
      "--kv-cache-memory-bytes",
      String(2 * 128 * 512),
    );
    show("a fatal line", failed.err);
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.out)).toMatchObject({ ok: false, mend: "contextTooLong" });
    expect(failed.err).toContain("Lower AEGIS_CTX");
    expect(JSON.parse((await run("stop-vllm", "--json")).out).stopped).toBe(false);
  });

  it("--supervise starts it again when it is killed; stop-vllm ends both for good", async () => {
    const { port, run } = await makeServing(models.dense);
    const started = await run("start-vllm", "--recipe", "tiny", "--wait", "--supervise", "--json");
    expect([started.code, started.err]).toEqual([0, expect.stringContaining("Ready: tiny")]);
    const listens = async (): Promise<boolean> =>
      (await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined))?.ok === true;
    const log: string = JSON.parse(started.out).log;
    const record = (): { server: { pid: number } | null } =>
      JSON.parse(readFileSync(log.replace(/\.log$/, ".json"), "utf8"));
    const first = record().server?.pid ?? 0;
    process.kill(first, "SIGKILL");
    while (record().server?.pid === first || record().server === null || !(await listens()))
      await new Promise((done) => setTimeout(done, 500));
    const second = record().server?.pid ?? 0;
    expect(second).not.toBe(first);
    expect(JSON.parse((await run("stop-vllm", "--json")).out)).toMatchObject({ stopped: true, killed: false });
    expect([isGone(second), await listens()]).toEqual([true, false]);
  });
});
