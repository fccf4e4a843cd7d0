import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  buildScriptedPackage,
  freePort,
  isGone,
  type ScriptedPackage,
} from "../../vllm/server/scriptedVllm.fixture.ts";
import { makeWorld, put } from "../io.ts";

let built: ScriptedPackage;
beforeAll(async () => {
  built = await buildScriptedPackage();
});
afterAll(() => built.remove());

/** The built command line in a world of its own; whatever it started is ended with the test. */
async function makeServing(mode: string) {
  const world = makeWorld();
  const port = await freePort();
  const model = join(world.dir, "tiny-model");
  put(
    join(model, "config.json"),
    JSON.stringify({ num_hidden_layers: 2, num_attention_heads: 4, hidden_size: 128, max_position_embeddings: 4096 }),
  );
  const env = {
    ...world.env,
    AEGIS_VLLM: built.vllm,
    AEGIS_PORT: String(port),
    AEGIS_MODEL: model,
    SCRIPTED_VLLM: mode,
    SCRIPTED_VLLM_COUNT: join(world.dir, "count"),
  };
  const start = (argv: readonly string[]) =>
    execa(process.execPath, [built.bin, ...argv], { cwd: world.project, env, extendEnv: false, reject: false });
  const run = async (argv: readonly string[]) => {
    const { exitCode, stdout, stderr } = await start(argv);
    return { code: exitCode, out: String(stdout), err: String(stderr) };
  };
  onTestFinished(async () => {
    await run(["stop-vllm", "--timeout", "1"]);
  });
  return { world, port, env, run, start };
}

/** Looks again and again until something holds; the test's own time limit ends it. */
async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
}

const health = (port: number) =>
  fetch(`http://127.0.0.1:${port}/health`).then(
    (response) => (response.ok ? true : undefined),
    () => undefined,
  );

describe("start-vllm", () => {
  it("starts, shows progress, waits for a token, keeps a log, starts once, and stops", async () => {
    const { run, port } = await makeServing("serve");
    const started = await run(["start-vllm", "--recipe", "tiny", "--wait", "--json"]);
    expect([started.code, started.err]).toEqual([
      0,
      expect.stringMatching(/loading weights[\s\S]*capturing CUDA graphs[\s\S]*Ready: tiny/),
    ]);
    const { pid, ...data } = JSON.parse(started.out);
    expect(data).toMatchObject({
      ok: true,
      started: true,
      ready: true,
      port,
      reported: { poolGib: 0.5, kvCacheTokens: 2_097_152 },
    });
    const again = await run(["start-vllm", "--recipe", "tiny", "--json"]);
    expect(JSON.parse(again.out)).toMatchObject({ ok: true, started: false, pid });
    const logs = await run(["logs-vllm", "--lines", "2"]);
    expect([logs.code, logs.out.split("\n").length, logs.out]).toEqual([
      0,
      2,
      expect.stringContaining("Application startup complete"),
    ]);
    const stopped = await run(["stop-vllm", "--json"]);
    expect(JSON.parse(stopped.out)).toEqual({ ok: true, stopped: true, pid, port, killed: false });
    expect([isGone(pid), await health(port)]).toEqual([true, undefined]);
    const twice = await run(["stop-vllm"]);
    expect([twice.code, twice.out]).toEqual([0, "No vLLM started here runs."]);
  });

  it("without --wait returns at once, and the server goes on", async () => {
    const { run, start, port } = await makeServing("serve");
    const started = await run(["start-vllm", "--recipe", "tiny"]);
    expect([started.code, started.out]).toEqual([0, expect.stringContaining("logs-vllm -f")]);
    expect(await until(() => health(port))).toBe(true);
    const following = start(["logs-vllm", "-f"]);
    following.stdout?.once("data", () => following.kill("SIGINT"));
    const { exitCode, stderr } = await following;
    expect([exitCode, stderr]).toEqual([130, ""]);
  });

  it("says of one that ended by itself that it did: the log, its follower, which ends, and stop-vllm", async () => {
    const { run, port } = await makeServing("crash");
    expect((await run(["start-vllm", "--recipe", "tiny"])).code).toBe(0);
    const followed = await run(["logs-vllm", "-f"]);
    expect(followed).toMatchObject({ code: 0, err: expect.stringContaining(`port ${port} has ended by itself`) });
    expect(followed.out).toContain("Segmentation fault (scripted)");
    const shown = await run(["logs-vllm", "--lines", "1"]);
    expect([shown.code, shown.out]).toEqual([0, "(EngineCore pid=2) Segmentation fault (scripted)"]);
    expect(shown.err).toContain("has ended by itself");
    const cleared = await run(["stop-vllm"]);
    expect([cleared.code, cleared.out]).toEqual([0, expect.stringMatching(/had ended by itself.*log: .*\.log$/)]);
    expect((await run(["stop-vllm"])).out).toBe("No vLLM started here runs.");
    expect((await run(["logs-vllm", "--lines", "1"])).err).toContain("does not run");
  });

  it("says the mend of a fatal line and leaves nothing running", async () => {
    const { run } = await makeServing("fatal");
    const failed = await run(["start-vllm", "--recipe", "tiny", "--wait", "--json"]);
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.out)).toMatchObject({
      ok: false,
      mend: "contextTooLong",
      error: expect.stringContaining("estimated maximum model length is 34736"),
    });
    expect(failed.err).toContain("Lower AEGIS_CTX");
    expect(JSON.parse((await run(["stop-vllm", "--json"])).out).stopped).toBe(false);
  });

  it("shows the log's end where vLLM ends without a word it knows", async () => {
    const { run } = await makeServing("crash");
    const failed = await run(["start-vllm", "--recipe", "tiny", "--wait"]);
    expect([failed.code, failed.err]).toEqual([1, expect.stringContaining("Segmentation fault (scripted)")]);
  });

  it("kills one that does not end when asked", async () => {
    const { run } = await makeServing("stubborn");
    const { pid } = JSON.parse((await run(["start-vllm", "--recipe", "tiny", "--wait", "--json"])).out);
    const stopped = JSON.parse((await run(["stop-vllm", "--timeout", "1", "--json"])).out);
    expect([stopped.killed, isGone(pid)]).toEqual([true, true]);
  });

  it("--supervise restarts it until it stays, in the background too; stop-vllm ends both", async () => {
    const { run, env, port } = await makeServing("crash-twice");
    const started = await run(["start-vllm", "--recipe", "tiny", "--supervise", "--json"]);
    const supervisor: number = JSON.parse(started.out).pid;
    expect(await until(() => health(port))).toBe(true);
    expect(
      readFileSync(env.SCRIPTED_VLLM_COUNT ?? "", "utf8")
        .trim()
        .split("\n").length,
    ).toBe(3);
    const logs = (await run(["logs-vllm"])).out;
    expect(logs.match(/^oh-my-qwencoder: .*$/gm)).toEqual([
      "oh-my-qwencoder: vLLM ended (exit 3); restart 1 in 1 s",
      "oh-my-qwencoder: vLLM ended (exit 3); restart 2 in 2 s",
    ]);
    const stopped = await run(["stop-vllm", "--json"]);
    expect(JSON.parse(stopped.out)).toMatchObject({ stopped: true, killed: false });
    expect([isGone(supervisor), await health(port)]).toEqual([true, undefined]);
  });

  it("--supervise that gives up says so in the server's log, with what to do", async () => {
    const { run } = await makeServing("fatal-ends");
    const ended = await run(["start-vllm", "--recipe", "tiny", "--foreground", "--supervise"]);
    expect(ended.code).toBe(1);
    const last = (await run(["logs-vllm"])).out.trim().split("\n").at(-1);
    expect(last).toMatch(/^oh-my-qwencoder: vLLM cannot start: .* It is not started again\. \S/);
  });

  it("--foreground ends with Ctrl-C, and the server with it", async () => {
    const { start, port } = await makeServing("serve");
    const child = start(["start-vllm", "--recipe", "tiny", "--foreground"]);
    await until(() => health(port));
    child.kill("SIGINT");
    const ended = await child;
    expect([ended.exitCode, await health(port)]).toEqual([130, undefined]);
    expect(ended.stderr).toContain("Application startup complete");
  });

  it("one Ctrl-C that arrives several times, as through npm, is one", async () => {
    const { start, port } = await makeServing("serve");
    const child = start(["start-vllm", "--recipe", "tiny", "--foreground"]);
    await until(() => health(port));
    for (let time = 0; time < 3; time += 1) {
      child.kill("SIGINT");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const ended = await child;
    expect([ended.exitCode, await health(port)]).toEqual([130, undefined]);
  });

  it("Ctrl-C while it waits leaves nothing behind", async () => {
    const { start, run } = await makeServing("serve");
    const child = start(["start-vllm", "--recipe", "tiny", "--wait"]);
    child.stdout?.once("data", () => child.kill("SIGINT"));
    const ended = await child;
    // It may have been ready already: then the start is done and the server stays.
    if (ended.exitCode !== 0) expect(ended.exitCode).toBe(130);
    const left = JSON.parse((await run(["stop-vllm", "--json"])).out);
    expect(left.stopped).toBe(ended.exitCode === 0);
  });

  it("refuses a taken port, a missing vLLM, a missing model offline and a missing GPU, each with the way out", async () => {
    const { world, port, env } = await makeServing("serve");
    const server = createServer();
    await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
    onTestFinished(() => void server.close());
    const attempt = async (more: Record<string, string>, recipe = "tiny") => {
      const { exitCode, stdout, stderr } = await execa(
        process.execPath,
        [built.bin, "start-vllm", "--recipe", recipe, "--json"],
        {
          cwd: world.project,
          env: { ...env, ...more },
          extendEnv: false,
          reject: false,
        },
      );
      return { exitCode, obstacle: JSON.parse(stdout).obstacle, stderr };
    };
    expect(await attempt({})).toMatchObject({
      exitCode: 1,
      obstacle: "portTaken",
      stderr: expect.stringContaining("AEGIS_PORT"),
    });
    const simulated = await execa(process.execPath, [built.bin, "start-vllm", "--recipe", "tiny", "--simulate"], {
      ...{ cwd: world.project, env, extendEnv: false, reject: false },
    });
    expect([simulated.exitCode, simulated.stdout, simulated.stderr]).toEqual([
      1,
      "",
      expect.stringContaining(`port ${port} on 127.0.0.1 is taken`),
    ]);
    const free = { AEGIS_PORT: String(await freePort()) };
    expect(await attempt({ ...free, AEGIS_VLLM: "/nowhere/vllm" })).toMatchObject({
      exitCode: 1,
      obstacle: "vllmMissing",
      stderr: expect.stringMatching(/pip install vllm[\s\S]*`--simulate`/),
    });
    expect(await attempt({ ...free, AEGIS_MODEL: "no/such-model", HF_HUB_OFFLINE: "1" })).toMatchObject({
      exitCode: 1,
      obstacle: "modelMissing",
      stderr: expect.stringContaining("hf download"),
    });
    const bin = join(world.dir, "bin");
    put(join(bin, "nvidia-smi"), "#!/bin/sh\nexit 9\n");
    await execa("chmod", ["+x", join(bin, "nvidia-smi")]);
    const withoutGpu = { ...free, AEGIS_MODEL: "", PATH: `${bin}:${world.env.PATH ?? ""}` };
    expect(await attempt(withoutGpu, "qwen3-coder-next-fp8-h200")).toMatchObject({
      exitCode: 1,
      obstacle: "gpuMissing",
      stderr: expect.stringContaining("`--simulate`"),
    });
    put(join(bin, "nvidia-smi"), "#!/bin/sh\necho '0, GPU-1, 143771, 40000'\n");
    await execa("chmod", ["+x", join(bin, "nvidia-smi")]);
    const crowded = await attempt(
      { ...free, AEGIS_MODEL: "", PATH: `${bin}:${world.env.PATH ?? ""}` },
      "qwen3-coder-next-fp8-h200",
    );
    expect(crowded).toMatchObject({
      exitCode: 1,
      obstacle: "gpuMemory",
      stderr: expect.stringContaining("lower AEGIS_MEM to 0.27"),
    });
  });
});
