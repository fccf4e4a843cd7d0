import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hooks } from "@opencode-ai/plugin";
import { execa } from "execa";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { compose } from "../../../plugin/compose.ts";
import { liveHooks } from "../../../plugin/hooks/live.ts";
import { FileLease } from "../../../src/adapters/log/fileLease.ts";
import type { Lease } from "../../../src/ports/lease.ts";
import { SETTINGS } from "../../core/workflow/scenario.ts";

let dir: string;
const opened: Hooks[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "aegis-hooks-"));
  await execa("git", ["init", "--quiet"], { cwd: dir });
});
// Taking up the swarm goes on behind the hooks and may still write its lease.
afterEach(async () => {
  for (const hooks of opened.splice(0)) await hooks.dispose?.();
  await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
});

const begun = {
  type: "swarm_started",
  at: 1,
  id: "s-1",
  session: "ses-c",
  settings: SETTINGS,
  head: "",
  dirty: [],
  language: "en",
};

async function withLog(lines: readonly string[]): Promise<void> {
  await mkdir(join(dir, ".aegis", "swarms", "s-1"), { recursive: true });
  await writeFile(join(dir, ".aegis", "swarms", "s-1", "events.jsonl"), lines.map((line) => `${line}\n`).join(""));
}

/** The hooks over real adapters; the host answers for each session with the agent it runs. */
async function openHooks(agentOf: Record<string, string>): Promise<{ hooks: Hooks; asked: string[]; lease: Lease }> {
  const asked: string[] = [];
  const answer = async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    asked.push(`${request.method} ${new URL(request.url).pathname}`);
    const id = /\/session\/([^/]+)$/u.exec(new URL(request.url).pathname)?.[1];
    const agent = id === undefined ? undefined : agentOf[id];
    return agent === undefined ? Response.json(true) : Response.json({ id, title: id, agent });
  };
  const host = { directory: dir, worktree: dir, baseUrl: "http://127.0.0.1:1", headers: {} };
  const composed = await compose({ ...host, fetch: answer as typeof fetch }, {});
  if (!composed.ok) throw new Error(composed.problem);
  // As after the host read a sound configuration, which it does before any session exists.
  composed.services.hostConfig.findings = [];
  const hooks = liveHooks(composed, {}, dir);
  opened.push(hooks);
  return { hooks, asked, lease: composed.services.lease };
}

const before = (hooks: Hooks, session: string, tool: string, args: Record<string, unknown>, call = "1") =>
  hooks["tool.execute.before"]?.({ tool, sessionID: session, callID: call }, { args });

it("a log that cannot be read opens no gate and gives no shell without limits; other sessions stay untouched", async () => {
  await withLog([JSON.stringify(begun), "damaged", JSON.stringify(begun)]);
  const { hooks } = await openHooks({ "ses-c": "commander", "ses-w": "worker", "ses-b": "build" });
  const write = { filePath: join(dir, "a.ts"), content: "" };
  await expect(before(hooks, "ses-c", "write", write)).rejects.toThrow(
    /Refused \(state-unusable\).*line 2 is damaged/u,
  );
  await expect(before(hooks, "ses-w", "write", write)).rejects.toThrow(/Refused/u);
  await expect(before(hooks, "ses-c", "bash", { command: "git commit -m x" })).rejects.toThrow(/state-unusable/u);
  const shell = { env: {} as Record<string, string> };
  await hooks["shell.env"]?.({ cwd: dir, sessionID: "ses-c", callID: "2" }, shell);
  expect("AEGIS_SANDBOX" in shell.env || "AEGIS_SANDBOX_ARGS" in shell.env).toBe(true);
  await expect(before(hooks, "ses-b", "write", write)).resolves.toBeUndefined();
});

it("a process that only watches lets nothing of the swarm through and writes nothing into its log", async () => {
  await withLog([JSON.stringify(begun)]);
  const driver = new FileLease(join(dir, ".aegis"));
  expect((await driver.acquire()).held).toBe(true);
  const { hooks, asked } = await openHooks({ "ses-c": "commander" });
  const write = { filePath: join(dir, "a.ts"), content: "" };
  await expect(before(hooks, "ses-c", "write", write)).rejects.toThrow(/held-elsewhere/u);
  const parts = [{ id: "p", sessionID: "ses-c", messageID: "m", type: "text" as const, text: "The swarm was ended." }];
  await hooks["command.execute.before"]?.({ command: "abort-swarm", sessionID: "ses-c", arguments: "" }, { parts });
  expect(parts[0]?.text).toMatch(/held-elsewhere/u);
  // The person is told that their words count elsewhere.
  const message = { agent: "commander" } as Parameters<NonNullable<Hooks["chat.message"]>>[1]["message"];
  const typed = parts.map((part) => ({ ...part, text: "build it" }));
  await hooks["chat.message"]?.({ sessionID: "ses-c", agent: "commander" }, { message, parts: typed });
  await expect.poll(() => asked).toContain("POST /tui/show-toast");
  const log = await readFile(join(dir, ".aegis", "swarms", "s-1", "events.jsonl"), "utf8");
  expect(log).toBe(`${JSON.stringify(begun)}\n`);
});

it("a session that repeats a refused call is corrected, then stopped", async () => {
  await withLog([JSON.stringify(begun)]);
  const { hooks, asked } = await openHooks({ "ses-s": "scout" });
  const said: string[] = [];
  for (let call = 0; call < 9; call += 1) {
    const refused = before(hooks, "ses-s", "write", { filePath: "a.ts", content: "" }, String(call));
    said.push((await refused?.then(String, (error: unknown) => (error as Error).message.split(":")[0] ?? "")) ?? "");
  }
  expect(said.slice(0, 5)).toEqual(Array(5).fill("Refused (tool-not-offered)"));
  expect(said.slice(5)).toEqual(Array(4).fill("Refused (repeated-call)"));
  expect(asked).toContain("POST /session/ses-s/abort");
});

it("a process that only looks leaves the swarm to the one that comes after it", async () => {
  await withLog([JSON.stringify(begun)]);
  vi.stubEnv("AEGIS_LOOK_ONLY", "1");
  const looking = await openHooks({ "ses-c": "commander" });
  vi.unstubAllEnvs();
  await before(looking.hooks, "ses-b", "read", {});
  const driving = await openHooks({ "ses-c": "commander" });
  await driving.hooks.config?.({});
  await expect.poll(() => driving.lease.holder()).toMatchObject({ own: true });
  expect(looking.asked.filter((request) => request.startsWith("POST"))).toEqual([]);
});

it("a helper's long answer is kept as a file that its asker may read; the answer carries its beginning and the path", async () => {
  await withLog([JSON.stringify(begun)]);
  const { hooks } = await openHooks({ "ses-c": "commander", "ses-s": "scout" });
  const text = Array.from({ length: 2_000 }, (_, line) => `src/file.ts:${line} something found`).join("\n");
  const after = async (session: string, output: { title: string; output: string; metadata: object }) => {
    await hooks["tool.execute.after"]?.({ tool: "task", sessionID: session, callID: "call/../1", args: {} }, output);
    return output.output;
  };
  const short = await after("ses-c", { title: "", output: "found nothing", metadata: {} });
  expect(short).toBe("found nothing");
  const answer = await after("ses-c", { title: "", output: text, metadata: {} });
  expect(answer.length).toBeLessThan(8_400);
  expect(answer).toMatch(/^src\/file\.ts:0 something found\n/u);
  const path = /in (\.aegis\/findings\/[\w-]+\.md):/u.exec(answer)?.[1] ?? "";
  expect(await readFile(join(dir, path), "utf8")).toBe(text);
  for (const session of ["ses-c", "ses-s"])
    await expect(before(hooks, session, "read", { filePath: path })).resolves.toBeUndefined();
});
