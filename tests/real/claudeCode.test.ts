import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LLMock } from "@copilotkit/aimock";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { findProgram } from "../../src/adapters/programs/findProgram.ts";

/**
 * `install --claude-code` in the real Claude Code on its own screen (tmux), against a scripted Anthropic server on loopback
 * that tells the limits of a subscription; skipped where `claude` or tmux is not installed.
 * `PATH=…/node_modules/.bin:$PATH npx vitest run --config vitest.vllm.config.ts tests/real/claudeCode.test.ts`.
 */
const program = findProgram(["claude"], process.env.PATH);
const found = program !== undefined && spawnSync("tmux", ["-V"]).status === 0;
const PATIENCE = { timeout: 60_000, interval: 300 };
const bin = fileURLToPath(new URL("../../bin/oh-my-qwencoder.js", import.meta.url));

const dir = mkdtempSync(join(tmpdir(), "omq-claude-"));
const home = join(dir, "home");
const project = join(dir, "project");
const SETTINGS = '{\n\t"theme": "dark",\n  "permissions": {"allow": []}}';
const env = { PATH: process.env.PATH ?? "", HOME: home, XDG_CONFIG_HOME: "", XDG_STATE_HOME: "", LANG: "C.UTF-8" };
const ours = (...words: string[]) => execa(process.execPath, [bin, ...words], { cwd: project, env, extendEnv: false });

const mock = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent" });
let front: Server;

/** Passes everything on and adds what Anthropic says of a subscription's windows. */
function withLimits(to: URL): Server {
  const reset = String(Math.floor(Date.now() / 1000) + 3_600);
  const window = (name: string, utilization: string) => ({
    [`anthropic-ratelimit-unified-${name}-status`]: "allowed",
    [`anthropic-ratelimit-unified-${name}-utilization`]: utilization,
    [`anthropic-ratelimit-unified-${name}-reset`]: reset,
  });
  const limits = {
    "anthropic-ratelimit-unified-status": "allowed",
    "anthropic-ratelimit-unified-representative-claim": "five_hour",
    "anthropic-ratelimit-unified-reset": reset,
    ...window("5h", "0.42"),
    ...window("7d", "0.17"),
  };
  return createServer((asked, answer) => {
    const { method, url, headers } = asked;
    const options = { host: to.hostname, port: to.port, path: url, method, headers: { ...headers, host: to.host } };
    asked.pipe(
      request(options, (got) => {
        answer.writeHead(got.statusCode ?? 502, { ...got.headers, ...limits });
        got.pipe(answer);
      }),
    );
  });
}

const tmux = (...argv: string[]) => execa("tmux", ["-u", "-S", join(dir, "tmux"), ...argv], { timeout: 20_000 });
const screen = async () => (await tmux("capture-pane", "-p", "-S", "-200", "-t", "claude")).stdout;
const shows = (text: string | RegExp) =>
  vi.waitFor(async () => expect(await screen()).toMatch(typeof text === "string" ? new RegExp(text) : text), PATIENCE);

async function start(): Promise<void> {
  const { port } = front.address() as AddressInfo;
  const variables = {
    ...env,
    ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}`,
    CLAUDE_CODE_OAUTH_TOKEN: "sk-ant-oat01-scripted",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  };
  const given = Object.entries(variables).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  await tmux("new-session", "-d", "-s", "claude", "-x", "160", "-y", "45", "-c", project, ...given, program ?? "");
  await shows("❯");
}

async function type(text: string): Promise<void> {
  await tmux("send-keys", "-t", "claude", text);
  await shows(new RegExp(`❯\\s${text.replaceAll("/", "\\/")}`));
  // A key that comes together with text counts as pasted with it: it is pressed until the line is sent.
  await vi.waitFor(async () => {
    const prompts = (await screen()).split("\n").filter((line) => line.startsWith("❯"));
    if (prompts.at(-1)?.slice(1).trim() === "") return;
    await tmux("send-keys", "-t", "claude", "Enter");
    throw new Error(`still typed: ${prompts.at(-1)}`);
  }, PATIENCE);
}

describe.skipIf(!found)("the real Claude Code", () => {
  beforeAll(async () => {
    mock.onMessage(/.*/s, { content: "The answer is 42." });
    await mock.start();
    front = withLimits(new URL(mock.url));
    await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
    mkdirSync(join(home, ".claude"), { recursive: true });
    mkdirSync(project);
    await execa("git", ["init", "-q", project]);
    writeFileSync(join(home, ".claude/settings.json"), SETTINGS);
    const known = { hasCompletedOnboarding: true, projects: { [project]: { hasTrustDialogAccepted: true } } };
    writeFileSync(join(home, ".claude.json"), JSON.stringify(known));
    await ours("install", "--global", "--claude-code", "--yes", "--base-url", "http://127.0.0.1:9/v1");
  });
  afterAll(async () => {
    await tmux("kill-server").catch((error: unknown) => console.error("tmux could not be ended", error));
    front?.close();
    await mock.stop();
    // What was just ended may still be writing its last words.
    await vi.waitFor(() => rmSync(dir, { recursive: true, force: true }), PATIENCE);
  });

  test("draws the status line, tells the limits, hands over at a word and a command, and is left as it was", async () => {
    await start();
    await shows("C:0↓ 0↑\\|O:0↓ 0↑\\|G:0↓ 0↑\\|L:0↓ 0↑");
    await type("hello");
    await shows("L:0↓ 0↑ · 5h:42% wk:17%");
    const limits = JSON.parse((await ours("limits", "--json")).stdout);
    expect(limits.providers.claude.usedPercent).toBe(42);

    await type("let us do a handoff");
    await shows('"handoff": /handoff writes what this work stands at');
    await type("/handoff codex");
    await shows(/The handoff is in \.aegis\/handoff\/context\.md\.[\s\S]*codex exec -s workspace-write 'Read/);
    expect(readFileSync(join(project, ".aegis/handoff/context.md"), "utf8")).toMatch(
      /> Switched from Claude Code to Codex[\s\S]*Usage \| 5-hour: 42%, Weekly: 17%[\s\S]*let us do a handoff/,
    );
    await type("/opencode finish it");
    await shows(/Job task-\S+ works on it in OpenCode/);
    const { jobs } = JSON.parse((await ours("job", "list", "--json")).stdout);
    expect(jobs[0].prompt ?? jobs[0].description ?? JSON.stringify(jobs[0])).toContain("finish it");

    // It may have ended by itself: nobody answers at the base URL.
    await execa(process.execPath, [bin, "job", "cancel", jobs[0].task_id], {
      cwd: project,
      env,
      extendEnv: false,
      reject: false,
    });

    await tmux("kill-session", "-t", "claude");
    await ours("install", "--uninstall");
    expect(readFileSync(join(home, ".claude/settings.json"), "utf8")).toBe(SETTINGS);
    await start();
    await shows("❯");
    expect(await screen()).not.toContain("L:0↓");
    expect(readFileSync(join(home, ".claude/settings.json"), "utf8")).toBe(SETTINGS);
  });
});
