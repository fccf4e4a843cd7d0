import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { UsageLog } from "../../src/adapters/tracking/usageLog.ts";
import { claudeHooks, world as makeHooked } from "./install/claudeWorld.ts";
import { put, type World } from "./io.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const recorded = path("../fixtures/claude/transcript.jsonl");

/** Runs the command that the installed plugin names for an event, as a shell does for Claude Code. */
async function hook(world: World, event: "UserPromptSubmit" | "SessionStart" | "PreToolUse", input: object | string) {
  const common = { session_id: "s1", transcript_path: recorded, cwd: world.project, hook_event_name: event };
  const ran = await execa("sh", ["-c", claudeHooks(world)[event]], {
    input: typeof input === "string" ? input : JSON.stringify({ ...common, ...input }),
    env: { ...world.env, CLAUDECODE: "1" },
    extendEnv: false,
    cwd: world.project,
  });
  expect(ran.exitCode).toBe(0);
  return ran.stdout === "" ? undefined : JSON.parse(ran.stdout);
}

const markdown = ({ project }: World) => readFileSync(join(project, ".aegis/handoff/context.md"), "utf8");
const settings = (world: World, value: object) =>
  put(join(world.home, ".config/oh-my-qwencoder/aegis.jsonc"), JSON.stringify(value));

describe("the hooks of Claude Code, as processes with what it writes to them", () => {
  it("/handoff writes the handoff out of the transcript, for the person and the model", async () => {
    const world = await makeHooked();
    const said = await hook(world, "UserPromptSubmit", { prompt: "/oh-my-qwencoder:handoff codex" });
    expect(said.systemMessage).toMatch(
      /^The handoff is in \.aegis\/handoff\/context\.md\.[\s\S]*codex exec -s workspace-write 'Read/,
    );
    expect(said.hookSpecificOutput).toEqual({
      hookEventName: "UserPromptSubmit",
      additionalContext: said.systemMessage,
    });
    expect(markdown(world)).toMatch(
      /> Switched from Claude Code to Codex[\s\S]*now the tests[\s\S]*draw the columns \(in progress\)/,
    );
  });

  it("a word offers a handoff, and writes it where that is configured; other messages say nothing", async () => {
    const world = await makeHooked();
    expect(await hook(world, "UserPromptSubmit", { prompt: "and on" })).toBeUndefined();
    const offer = await hook(world, "UserPromptSubmit", { prompt: "OpenCode로 전환해줘" });
    expect(Object.keys(offer)).toEqual(["systemMessage"]);
    expect(existsSync(join(world.project, ".aegis/handoff"))).toBe(false);
    settings(world, { autoHandoff: true });
    expect(await hook(world, "UserPromptSubmit", { prompt: "a handoff now" })).toMatchObject({
      systemMessage: expect.stringContaining("The handoff is in"),
    });
    expect(markdown(world)).toContain("a handoff now");
  });

  it("the status line has the seed's form, and what it is told reaches the routing policy", async () => {
    const world = await makeHooked();
    const log = new UsageLog(join(world.home, ".local/state/oh-my-qwencoder"));
    const row = { at: Date.now(), agent: "worker", duration: 8, success: true, cacheHit: false };
    log.append(
      { ...row, provider: "openai", input: 25_800, output: 9 },
      { ...row, provider: "gemini", input: 165_300, output: 1_400 },
      { ...row, provider: "local", input: 2_100_000, output: 48_000 },
    );
    const now = Math.floor(Date.now() / 1000);
    const { statusLine } = JSON.parse(readFileSync(join(world.home, ".claude/settings.json"), "utf8"));
    const draw = (rate_limits: object | undefined) =>
      execa("sh", ["-c", statusLine.command], {
        input: JSON.stringify({
          session_id: "s1",
          context_window: { total_input_tokens: 1_200, total_output_tokens: 567 },
          rate_limits,
        }),
        env: world.env,
        extendEnv: false,
      });
    const tokens = "C:1.2k↓ 567↑|O:25.8k↓ 9↑|G:165.3k↓ 1.4k↑|L:2.1M↓ 48k↑";
    expect((await draw(undefined)).stdout).toBe(tokens);
    const five_hour = { used_percentage: 91.6, resets_at: now + 3_600 };
    const { stdout } = await draw({ five_hour, seven_day: { used_percentage: 17, resets_at: now + 90_000 } });
    expect(stdout).toBe(`${tokens} · 5h:92% wk:17%`);
    // The limit is at the threshold now: a handoff is offered.
    expect(await hook(world, "UserPromptSubmit", { prompt: "and on" })).toMatchObject({
      systemMessage: expect.stringContaining("92 %"),
    });
  });

  it("a subagent that the policy gives to somebody else is sent there, and nobody is stopped by a failure", async () => {
    const world = await makeHooked();
    const task = {
      tool_name: "Task",
      tool_input: { subagent_type: "oh-my-claudecode:explore", prompt: "where's it?" },
    };
    // Claude is not what is spared here, and no mode is on.
    expect(await hook(world, "PreToolUse", task)).toBeUndefined();
    settings(world, {
      fusionDefault: true,
      routing: { primary: "claude", overrides: { explore: { provider: "local" } } },
    });
    const { hookSpecificOutput: refused } = (await hook(world, "PreToolUse", task)) ?? {};
    expect(refused).toMatchObject({ hookEventName: "PreToolUse", permissionDecision: "deny" });
    expect(refused.permissionDecisionReason).toMatch(
      /local\/qwen3-coder-next[\s\S]*job start --claude-session s1 --agent [\w:-]*explore -- /,
    );
    const own = { tool_name: "Task", tool_input: { subagent_type: "general-purpose", prompt: "x" } };
    expect(await hook(world, "PreToolUse", own)).toBeUndefined();
    settings(world, { routing: { primary: 7 } });
    const failed = await hook(world, "PreToolUse", task);
    expect(Object.keys(failed)).toEqual(["systemMessage"]);
    for (const torn of ["", "{", "[]"])
      expect(await hook(world, "PreToolUse", torn)).toMatchObject({ systemMessage: expect.any(String) });
  });

  it("a task for OpenCode is a job there, and its end is told to the session that began it", async () => {
    const world = await makeHooked();
    const programs = join(world.dir, "bin");
    mkdirSync(programs);
    symlinkSync(path("../adapters/programs/scripted.mjs"), join(programs, "opencode"));
    Object.assign(world.env, {
      PATH: `${programs}:${world.env.PATH}`,
      SCRIPTED_DIR: path("../fixtures/cli"),
      SCRIPTED_CASE: "success",
    });
    expect(await hook(world, "UserPromptSubmit", { prompt: "/opencode" })).toMatchObject({
      systemMessage: expect.stringContaining("/opencode <task>"),
    });
    const started = await hook(world, "UserPromptSubmit", { prompt: "/ulw finish the board" });
    const id = /^Job (task-\S+) works on it in OpenCode/.exec(started.systemMessage)?.[1] ?? "";
    expect(id).not.toBe("");
    expect(markdown(world)).toContain("## Current Task\nfinish the board");
    const next = async () =>
      (await hook(world, "UserPromptSubmit", { prompt: "and on" }))?.hookSpecificOutput?.additionalContext;
    await expect.poll(next, { timeout: 60_000, interval: 500 }).toContain(id);
  }, 90_000);

  it("tells of jobs that ended, once, and of a handoff that lies there", async () => {
    const world = await makeHooked();
    const wake = join(world.home, ".local/state/oh-my-qwencoder/claude/wake/s1.jsonl");
    put(wake, '{"text":"job task-1 completed"}\n{"torn');
    expect(await hook(world, "SessionStart", { source: "resume" })).toEqual({
      hookSpecificOutput: { hookEventName: "SessionStart", additionalContext: "job task-1 completed" },
    });
    put(wake, '{"message":"job task-2 failed"}\n');
    expect((await hook(world, "UserPromptSubmit", { prompt: "and on" })).hookSpecificOutput.additionalContext).toBe(
      "job task-2 failed",
    );
    expect(await hook(world, "UserPromptSubmit", { prompt: "and on" })).toBeUndefined();
    await hook(world, "UserPromptSubmit", { prompt: "/handoff claude" });
    expect((await hook(world, "SessionStart", {})).hookSpecificOutput.additionalContext).toContain("context.md");
  });
});
