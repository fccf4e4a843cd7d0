import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { EIGHT_LAYERS } from "../../vllm/capacity/eightLayers.ts";
import { cli, makeWorld, put } from "../io.ts";

const keys = [
  "weights_gib",
  "kv_bytes_per_token",
  "state_bytes_per_sequence",
  "block_size",
  "pool_gib",
  "kv_cache_tokens",
  "max_concurrency",
  "max_context",
  "sessions",
  "fits",
  "derivation",
  "most_sessions",
  "advice",
  "reported",
];
const config = { num_hidden_layers: 28, num_attention_heads: 28, num_key_value_heads: 4, hidden_size: 3584 };

describe("plan", () => {
  it("prints its object for a config and a pool alone, null where nobody can know", async () => {
    const { dir, env } = makeWorld();
    put(join(dir, "config.json"), JSON.stringify(config));
    const argv = ["plan", "--config", "config.json", "--pool-gib", "24.827", "--ctx", "16384", "--json"];
    const { code, out } = await cli(argv, { cwd: dir, env });
    const plan = JSON.parse(out);
    expect([code, Object.keys(plan)]).toEqual([0, keys]);
    expect(plan).toMatchObject({
      weights_gib: null,
      sessions: null,
      fits: true,
      block_size: 16,
      state_bytes_per_sequence: 0,
    });
    expect(plan.max_concurrency.toFixed(2)).toBe("28.37");
  });

  it("says that 17 sessions of 128K do not fit with bf16 and do with fp8, and exits 0 for both", async () => {
    const { dir, env } = makeWorld();
    const argv = (kv: string) => [
      "plan",
      "--kv-dtype",
      kv,
      "--pool-gib",
      "48",
      "--ctx",
      "131072",
      "--workers",
      "8",
      "--json",
    ];
    const bf16 = await cli(argv("bf16"), { cwd: dir, env });
    const fp8 = await cli(argv("fp8"), { cwd: dir, env });
    expect([bf16.code, JSON.parse(bf16.out).fits, JSON.parse(bf16.out).sessions]).toEqual([0, false, 17]);
    expect([fp8.code, JSON.parse(fp8.out).fits]).toEqual([0, true]);
    const human = await cli(["plan", "--pool-gib", "48"], { cwd: dir, env });
    expect(human.out).toContain("bf16 KV holds 15.6 in 48 GiB: does not fit");
    expect(human.out).toContain("fp8 KV holds 30.3 in 48 GiB: fits");
    expect(human.out).toContain("80-82 GB (75-76 GiB)");
    expect((await cli(["plan", "--lang", "ko"], { cwd: dir, env })).out).toContain("최대 동시성");
  });

  it("says which servers hold N Workers, the Librarians counted", async () => {
    const { dir, env } = makeWorld();
    const plan = async (...flags: string[]) =>
      (await cli(["plan", "--pool-gib", "48", ...flags], { cwd: dir, env })).out;
    expect(await plan("--workers", "8")).toContain("One server holds them, up to 25 with Librarians");
    expect(await plan("--workers", "8", "--kv-dtype", "bf16")).toContain("2 such servers behind a session-hash router");
    expect(await plan("--workers", "12")).toContain("with Librarians 37 would want it and 30 fit at once");
    expect(JSON.parse(await plan("--workers", "8", "--json"))).toMatchObject({
      most_sessions: 25,
      advice: { one_server_with_librarians: true, recommended: "one-server" },
    });
    const none = await cli(["plan", "--pool-gib", "1", "--workers", "8"], { cwd: dir, env });
    expect(none.out).toContain("Not one session of 131,072 tokens fits");
  });

  it("names the GPUs it planned for, shows memory that is missing, and advises nothing that is there already", async () => {
    const { dir, env } = makeWorld();
    const plan = (...flags: string[]) => cli(["plan", ...flags], { cwd: dir, env });
    const heading = async (...flags: string[]) => (await plan(...flags)).out.split("\n")[0];
    expect(await heading()).toBe("Qwen3-Coder-Next FP8 on one H200");
    expect(await heading("--gpu", "h100", "--tp", "2")).toBe("Qwen3-Coder-Next FP8 on 2 × NVIDIA H100 (80 GB)");
    expect(await heading("--gpu-gib", "96")).toBe("Qwen3-Coder-Next FP8 on 1 × GPU of 96 GiB");
    const small = (await plan("--gpu", "h100", "--workers", "8")).out;
    expect(small).toMatch(/= −\d+\.\d+ GiB on each GPU: no room for a KV cache/);
    expect(small).toContain("The weights leave no room");
    expect(small).not.toContain("mix-up");
    const many = async (kv: string) => (await plan("--workers", "20", "--kv-dtype", kv)).out;
    expect([await many("bf16"), await many("fp8")]).toEqual([
      expect.stringContaining("Or: a shorter context, fp8 KV."),
      expect.stringContaining("Or: a shorter context. Admission"),
    ]);
    // A 4-bit recipe needs no 4-bit weights, the largest GPU no larger one, fp8 KV no fp8 KV.
    const ways = async (...flags: string[]) =>
      / What helps: (.*)\./.exec((await plan("--workers", "8", ...flags)).out)?.[1];
    expect(await ways("--gpu", "h100")).toBe(
      "more GPUs a server (--tp), a larger GPU (--gpu), 4-bit weights (--recipe qwen3-coder-next-4bit-h100)",
    );
    expect(await ways("--recipe", "qwen3-coder-next-4bit-h200", "--pool-gib", "1")).toBe(
      "more GPUs a server (--tp), a shorter context (--ctx)",
    );
    expect(await ways("--pool-gib", "1", "--kv-dtype", "bf16")).toContain("fp8 KV (--kv-dtype fp8), 4-bit weights");
    const three = await plan("--tp", "3");
    expect([three.code, three.err]).toEqual([1, expect.stringContaining("give --tp one of 1, 2, 4, 8.")]);
    const long = await plan("--ctx", "300000");
    expect([long.code, long.out, long.err]).toEqual([1, "", expect.stringContaining("above the model's 262144")]);
    expect(long.err).toContain("Give --ctx 262144 or less.");
    const data = await plan("--ctx", "300000", "--json");
    expect([data.code, JSON.parse(data.out).fits]).toEqual([0, false]);
  });

  it("takes the arithmetic of a version: 0.33 on Hopper has blocks of 1,088 and 29.65", async () => {
    const { dir, env } = makeWorld();
    const plan = async (version: string) => {
      const argv = ["plan", "--pool-gib", "48", "--vllm", version, "--json"];
      return JSON.parse((await cli(argv, { cwd: dir, env })).out);
    };
    const newest = await plan("0.33.0");
    expect([newest.block_size, newest.max_concurrency.toFixed(2)]).toEqual([1088, "29.65"]);
    const before = await plan("0.32.0");
    expect([before.block_size, before.max_concurrency.toFixed(1)]).toEqual([1072, "30.3"]);
    // 3,821 whole blocks over four groups.
    expect((await plan("0.19.0")).kv_cache_tokens % 1072).toBe(0);
    expect((await plan("0.40.0")).derivation.at(-1)).toContain("0.40.0 was not read");
  });

  it("stands beside what a running vLLM reports", async () => {
    const { dir, env } = makeWorld();
    // Labels of a vLLM 0.32 on a CPU that served 8 layers of qwen3_next in 1 GiB.
    const labels = `block_size="256",cache_dtype="auto",kv_cache_max_concurrency="292.57142857142856",kv_cache_size_tokens="599186",num_gpu_blocks="4096"`;
    const server = createServer((request, response) => {
      if (request.url === "/metrics") response.end(`# TYPE x gauge\nvllm:cache_config_info{${labels}} 1.0\n`);
      else response.end(JSON.stringify({ data: [{ id: "hy", max_model_len: 2048 }] }));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const file = put(join(dir, "config.json"), JSON.stringify(EIGHT_LAYERS));
    const flags = ["--config", file, "--gpu", "cpu", "--pool-gib", "1", "--ctx", "2048", "--mamba-cache-mode", "align"];
    const argv = ["plan", ...flags, "--server", `http://127.0.0.1:${port}/v1`];
    const shown = await cli(argv, { cwd: dir, env });
    expect(shown.out).toContain("block: predicted 256 tokens, reported 256");
    expect(shown.out).toContain("predicted 599,186 tokens, 292.57x; reported 599,186 tokens, 292.57x");
    const data = JSON.parse((await cli([...argv, "--json"], { cwd: dir, env })).out);
    expect(data.reported).toEqual({
      block_size: 256,
      blocks: 4096,
      kv_cache_tokens: 599_186,
      max_concurrency: 292.57142857142856,
      context: 2048,
    });
    expect([data.block_size, data.kv_cache_tokens]).toEqual([256, 599_186]);
    const gone = await cli(["plan", "--server", "http://127.0.0.1:1"], { cwd: dir, env });
    expect([gone.code, gone.err]).toEqual([1, expect.stringContaining("no figures from the server")]);
  });

  it("draws the memory", async () => {
    const { dir, env } = makeWorld();
    expect((await cli(["plan", "--svg", "memory.svg"], { cwd: dir, env })).code).toBe(0);
    const svg = readFileSync(join(dir, "memory.svg"), "utf8");
    expect(svg).toContain("weights: 75.5 GiB");
    expect(svg).toContain("31.0 sessions of 131,072 tokens fit; a swarm of 8 Workers has 17");
    const none = await cli(["plan", "--recipe", "tiny", "--svg", "memory.svg"], { cwd: dir, env });
    expect([none.code, none.err]).toEqual([2, expect.stringContaining("--gpu-gib")]);
  });

  it.each([
    [["--vllm", "new"], 2],
    [["--server", "somewhere"], 2],
    [["--util", "1.5"], 2],
    [["--ctx", "-1"], 2],
    [["--gpu", "a100x"], 2],
    [["--recipe", "none"], 2],
    [["--recipe", "tiny", "--config", "x"], 2],
    [["--config", "nowhere.json"], 1],
    [["--tp", "3"], 1],
  ])("refuses %j with exit %i and one JSON object", async (flags, code) => {
    const { dir, env } = makeWorld();
    const result = await cli(["plan", ...flags, "--json"], { cwd: dir, env });
    expect([result.code, JSON.parse(result.out).ok]).toEqual([code, false]);
  });
});
