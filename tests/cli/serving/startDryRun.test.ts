import { chmodSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { flagTables, knowsFlag } from "../../../vllm/flags/flagTable.ts";
import { flagValue } from "../../../vllm/recipes/argv.ts";
import { cli, makeWorld, put, type World } from "../io.ts";

const dry = (world: World, env: Record<string, string> = {}, more: string[] = []) =>
  cli(["start-vllm", "--dry-run", "--json", ...more], { cwd: world.project, env: { ...world.env, ...env } });

async function argvOf(world: World, env: Record<string, string> = {}, more: string[] = []) {
  const result = await dry(world, env, more);
  expect([result.code, result.err]).toEqual([0, ""]);
  const printed: { argv: string[]; env: Record<string, string>; warnings: string[] } = JSON.parse(result.out);
  expect(Object.keys(printed)).toEqual(["argv", "env", "warnings"]);
  return printed;
}

describe("start-vllm --dry-run", () => {
  it("shows the FP8 recipe on an H200; a missing vLLM and GPU are warnings, the newest flags assumed", async () => {
    const { argv, warnings } = await argvOf(makeWorld());
    expect(argv.slice(0, 3)).toEqual(["vllm", "serve", "Qwen/Qwen3-Coder-Next-FP8"]);
    expect(
      ["--host", "--port", "--max-model-len", "--max-num-seqs", "--gpu-memory-utilization"].map((flag) =>
        flagValue(argv, flag),
      ),
    ).toEqual(["127.0.0.1", "8001", "131072", "16", "0.92"]);
    const newest = flagTables().at(-1);
    expect(argv.filter((word) => newest && !knowsFlag(newest, word))).toEqual([]);
    expect(argv).toContain("--enable-prefix-caching");
    expect(argv).not.toContain("--disable-log-requests");
    expect(warnings.join("\n")).toContain("vLLM was not found");
  });

  it("takes AEGIS_* over aegis.jsonc and vllm/aegis.env, and words after --", async () => {
    const world = makeWorld();
    put(join(world.project, "aegis.jsonc"), `{"vllm":{"batch":3,"mem":0.5}}`);
    put(
      join(world.project, "vllm/aegis.env"),
      "# tuned\nexport AEGIS_BATCH=12\nAEGIS_BATCHED_TOKENS=4096\nAEGIS_EXTRA=--trust-remote-code\n",
    );
    const file = await argvOf(world);
    expect([
      flagValue(file.argv, "--max-num-seqs"),
      flagValue(file.argv, "--gpu-memory-utilization"),
      flagValue(file.argv, "--max-num-batched-tokens"),
    ]).toEqual(["12", "0.5", "4096"]);
    expect(file.argv).not.toContain("--trust-remote-code");
    expect(file.warnings.join("\n")).toContain("aegis.env:4: AEGIS_EXTRA");
    const both = await argvOf(world, { AEGIS_BATCH: "24", AEGIS_GPU: "1", AEGIS_EXTRA: "--seed 7" }, [
      "--",
      "--max-model-len",
      "4096",
    ]);
    expect([
      flagValue(both.argv, "--max-num-seqs"),
      flagValue(both.argv, "--seed"),
      flagValue(both.argv, "--max-model-len"),
    ]).toEqual(["24", "7", "4096"]);
    expect(both.env).toEqual({ CUDA_VISIBLE_DEVICES: "1" });
  });

  it.each([
    [{ AEGIS_BATCH: "abc" }, "AEGIS_BATCH"],
    [{ AEGIS_BATCH: "0" }, "AEGIS_BATCH"],
    [{ AEGIS_BATCH: "-1" }, "AEGIS_BATCH"],
    [{ AEGIS_CTX: "262145" }, "262144"],
    [{ AEGIS_CTX: "1e5" }, "AEGIS_CTX"],
    [{ AEGIS_MEM: "1.2" }, "AEGIS_MEM"],
    [{ AEGIS_PORT: "70000" }, "AEGIS_PORT"],
    [{ AEGIS_KV_DTYPE: "int3" }, "AEGIS_KV_DTYPE"],
    [{ AEGIS_GPU: "first" }, "AEGIS_GPU"],
    [{ AEGIS_BATCHED_TOKENS: "many" }, "AEGIS_BATCHED_TOKENS"],
    [{ AEGIS_EXTRA: "'--seed" }, "quote"],
    [{ AEGIS_HOST: "0.0.0.0" }, "API key"],
    [{ AEGIS_HOST: "192.168.0.7" }, "API key"],
    [{ AEGIS_EXTRA: "--host 0.0.0.0" }, "API key"],
  ])("refuses %j with the reason", async (env, reason) => {
    const result = await dry(makeWorld(), env);
    expect(result.code).toBe(1);
    expect(JSON.parse(result.out)).toMatchObject({ ok: false, error: expect.stringContaining(reason) });
    expect(result.err).toContain(reason);
  });

  it.each([
    ["--max-num-seqs abc", "--max-num-seqs abc: it is a whole number"],
    ["--max-num-seqs 0", "--max-num-seqs 0"],
    ["--max-num-seqs", "--max-num-seqs"],
    ["--max_num_seqs=0", "--max-num-seqs 0"],
    ["--port abc", "--port abc: it is a port"],
    ["--port 70000", "--port 70000"],
    ["--gpu-memory-utilization 3", "at most 1"],
    ["--max-num-batched-tokens -1", "--max-num-batched-tokens -1"],
    ["--tensor-parallel-size 1.5", "--tensor-parallel-size 1.5"],
    ["--max-model-len 300000", "262144"],
    ["--max-model-len 512K", "a context of 524288 tokens"],
    ["--max-model-len -5", "or auto"],
  ])("refuses %s after -- too", async (words, reason) => {
    const result = await dry(makeWorld(), {}, ["--", ...words.split(" ")]);
    expect([result.code, JSON.parse(result.out).error]).toEqual([1, expect.stringContaining(reason)]);
  });

  it("leaves lengths to vLLM that it understands", async () => {
    for (const length of ["auto", "-1", "128K", "131072"]) {
      const { argv } = await argvOf(makeWorld(), {}, ["--", "--max-model-len", length]);
      expect(flagValue(argv, "--max-model-len")).toBe(length);
    }
  });

  it("opens to others with a key, which it neither prints nor puts among the arguments", async () => {
    const { argv, env } = await argvOf(makeWorld(), { AEGIS_HOST: "0.0.0.0", AEGIS_API_KEY: "s3cret" });
    expect(flagValue(argv, "--host")).toBe("0.0.0.0");
    expect(JSON.stringify([argv, env])).not.toContain("s3cret");
    expect(env).toEqual({ VLLM_API_KEY: "***" });
  });

  it("asks the installed vLLM for its version and leaves out what that does not know", async () => {
    const world = makeWorld();
    const vllm = put(join(world.dir, "bin/vllm"), "#!/bin/sh\necho 0.16.0\n");
    chmodSync(vllm, 0o755);
    const { argv, warnings } = await argvOf(world, { AEGIS_VLLM: vllm });
    expect([argv[0], argv.includes("--shutdown-timeout")]).toEqual([vllm, false]);
    expect(warnings.join("\n")).toContain("vLLM 0.16.0 does not know --shutdown-timeout");
    const words = await argvOf(world, { AEGIS_VLLM: `${vllm} "two words"` });
    expect(words.argv.slice(0, 3)).toEqual([vllm, "two words", "serve"]);
  });

  it("warns of a taken port; an unknown recipe is wrong usage", async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    expect((await argvOf(makeWorld(), { AEGIS_PORT: String(port) })).warnings.join("\n")).toContain(
      `port ${port} is taken`,
    );
    const unknown = await dry(makeWorld(), {}, ["--recipe", "nope"]);
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining("tiny")]);
  });
});
