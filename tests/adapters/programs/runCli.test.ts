import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { runCli } from "../../../src/adapters/programs/runCli.ts";
import type { CliName } from "../../../src/core/executors/invocation.ts";

const here = dirname(fileURLToPath(import.meta.url));
const fixture = (name: string) => join(here, "../../fixtures/cli", `${name}.json`);
const noted = z.object({
  args: z.array(z.string()),
  stdin: z.string(),
  pid: z.number(),
  children: z.array(z.number()),
});

/** A PATH on which the scripted program has the command line's name. */
function scripted(cli: CliName, env: Record<string, string>) {
  const dir = mkdtempSync(join(tmpdir(), "omq-run-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(join(dir, "bin"));
  symlinkSync(join(here, "scripted.mjs"), join(dir, "bin", cli));
  const notes = join(dir, "notes.json");
  const PATH = `${join(dir, "bin")}:${process.env.PATH}`;
  return {
    dir,
    task: { cli, model: "m", prompt: "find it", projectDir: dir, timeoutMs: 60_000 },
    env: { PATH, HOME: dir, SCRIPTED_NOTES: notes, ...env },
    notes: () => noted.parse(JSON.parse(readFileSync(notes, "utf8"))),
  };
}

async function play(name: string, more: Record<string, string> = {}) {
  const cli = z.enum(["codex", "claude", "gemini", "opencode"]).parse(name.split("-", 1)[0]);
  const { task, env, notes } = scripted(cli, { SCRIPTED: fixture(name), ...more });
  return { result: await runCli({ ...task, env }), notes: notes() };
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("recorded transcripts", () => {
  test.each([
    ["codex-success", { input: 442, output: 7, cached: 400 }],
    ["claude-success", { input: 442, output: 7, cached: 400 }],
    ["gemini-success", { input: 442, output: 7, cached: 400 }],
    ["opencode-success", { input: 2391, output: 5, cached: 0 }],
  ])("%s gives the answer and its tokens", async (name, tokens) => {
    const { result, notes } = await play(name);
    expect(result).toMatchObject({ text: "The answer is 42.", exitCode: 0, tokens });
    expect(result.failure).toBeUndefined();
    expect(result.session).toMatch(/\w/);
    expect(notes.stdin).toBe("");
    expect(notes.args.join(" ")).toMatch(/find it/);
  });

  test.each([
    ["codex-401", "auth"],
    ["codex-429", "rate"],
    ["codex-529", "overload"],
    ["codex-limit-prose", "quota"],
    ["claude-401", "auth"],
    ["claude-429", "rate"],
    ["claude-529", "overload"],
    // is_error beside subtype "success", and a limit told as if it were the answer.
    ["claude-limit-error", "quota"],
    ["claude-limit-prose", "quota"],
    ["gemini-401", "auth"],
    ["gemini-auth", "auth"],
    ["gemini-429", "rate"],
    ["opencode-401", "auth"],
    ["opencode-429", "rate"],
  ])("%s is %s", async (name, kind) => {
    const { result } = await play(name);
    expect(result.failure, JSON.stringify(result)).toMatchObject({ kind, message: expect.stringMatching(/\w/) });
  });

  test("a limit's time is kept", async () => {
    const { result } = await play("claude-limit-prose");
    expect(result.failure?.resetsAt).toBe(1_795_300_000_000);
    const { result: codex } = await play("codex-limit-prose");
    const in2days = Date.now() + (2 * 24 + 3) * 3_600_000 + 300_000;
    expect(Math.abs((codex.failure?.resetsAt ?? 0) - in2days)).toBeLessThan(60_000);
  });
});

describe("programs that misbehave", () => {
  test.each(["codex", "claude", "gemini", "opencode"] as const)("%s that says nothing failed", async (cli) => {
    const { task, env, dir } = scripted(cli, {});
    writeFileSync(join(dir, "empty.json"), JSON.stringify({ stdout: "", stderr: "", exitCode: 0 }));
    const result = await runCli({ ...task, env: { ...env, SCRIPTED: join(dir, "empty.json") } });
    expect(result.failure).toMatchObject({ kind: "unknown", message: expect.stringContaining("without a result") });
  });

  test("64 MB of output are read and not kept", async () => {
    const { task, env } = scripted("codex", { SCRIPTED: fixture("codex-success"), SCRIPTED_MODE: "giant" });
    let logged = 0;
    const log = (text: string) => {
      logged += text.length;
    };
    const result = await runCli({ ...task, env, log });
    expect(result).toMatchObject({ text: "The answer is 42." });
    expect(result.stdoutTail.length).toBeLessThanOrEqual(65_536);
    expect(logged).toBeGreaterThan(64_000_000);
  });

  test("what left its group dies with it", async () => {
    const { result, notes } = await play("codex-success", { SCRIPTED_MODE: "leaves" });
    expect(result.failure).toBeUndefined();
    await vi.waitFor(() => expect(notes.children.filter(alive)).toEqual([]), 20_000);
  });

  test.each(["hang", "deaf"])("one that does not end (%s) is stopped with all it started", async (mode) => {
    const { task, env, notes } = scripted("codex", { SCRIPTED_MODE: mode });
    const result = await runCli({ ...task, env, timeoutMs: 3_000 });
    expect(result.failure).toMatchObject({ kind: "timeout" });
    const { pid, children } = notes();
    await vi.waitFor(() => expect([pid, ...children].filter(alive)).toEqual([]), 20_000);
  });

  test("an abort ends it", async () => {
    const { task, env, notes } = scripted("claude", { SCRIPTED_MODE: "hang" });
    const abort = new AbortController();
    const log = () => abort.abort();
    const result = await runCli({ ...task, env, signal: abort.signal, log });
    expect(result.failure).toEqual({ kind: "cancelled", message: "claude was stopped." });
    await vi.waitFor(() => {
      const { pid, children } = notes();
      expect([pid, ...children].filter(alive)).toEqual([]);
    }, 20_000);
    expect((await runCli({ ...task, env, signal: abort.signal })).failure?.kind).toBe("cancelled");
  });

  test("kill -9 of the one who started it ends it", async () => {
    const { task, env, notes, dir } = scripted("codex", { SCRIPTED_MODE: "hang" });
    const source = new URL("../../../src/adapters/programs/runCli.ts", import.meta.url);
    writeFileSync(
      join(dir, "start.ts"),
      `import { runCli } from ${JSON.stringify(source)};\nvoid runCli(${JSON.stringify({ ...task, env })});\n`,
    );
    const outfile = join(dir, "start.mjs");
    const { build } = await import("esbuild");
    await build({
      entryPoints: [join(dir, "start.ts")],
      outfile,
      bundle: true,
      platform: "node",
      format: "esm",
      nodePaths: [join(here, "../../../node_modules")],
      banner: { js: "import{createRequire as __req}from'node:module';const require=__req(import.meta.url);" },
      plugins: [
        {
          name: "file-urls",
          setup: ({ onResolve }) => {
            onResolve({ filter: /^file:/ }, ({ path }) => ({ path: fileURLToPath(path) }));
          },
        },
      ],
    });
    const starter = execa(process.execPath, [outfile], { reject: false });
    await Promise.race([
      vi.waitFor(() => expect(notes().children).toHaveLength(2), 20_000),
      starter.then(({ stderr }) => Promise.reject(new Error(`it ended: ${stderr}`))),
    ]);
    starter.kill("SIGKILL");
    await starter;
    await vi.waitFor(() => {
      const { pid, children } = notes();
      expect([pid, ...children].filter(alive)).toEqual([]);
    }, 20_000);
  });

  test("a program that is not there, and a prompt no argument holds, say what to do", async () => {
    const { task, dir } = scripted("codex", {});
    const missing = await runCli({ ...task, env: { PATH: dir } });
    expect(missing.failure).toMatchObject({ kind: "tool", message: expect.stringContaining("Install it") });
    const long = await runCli({ ...task, prompt: "가".repeat(50_000), env: { PATH: join(dir, "bin") } });
    expect(long.failure).toMatchObject({ kind: "tool", message: expect.stringContaining("150000 bytes") });
    const fits = scripted("codex", { SCRIPTED: fixture("codex-success") });
    const longest = await runCli({ ...fits.task, prompt: "x".repeat(131_000), env: fits.env });
    expect(longest.failure).toBeUndefined();
  });

  test("one that cannot be run", async () => {
    const { task, env, dir } = scripted("codex", {});
    const broken = join(dir, "bin", "broken");
    writeFileSync(broken, "#!/no/such/program\n");
    chmodSync(broken, 0o755);
    const result = await runCli({ ...task, program: broken, env });
    expect(result.failure?.message).toMatch(/not found|no such|exit code 12[67]/i);
  });
});
