import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Hooks } from "@opencode-ai/plugin";
import { expect, it, onTestFinished, vi } from "vitest";
import { brokenHooks } from "../../../plugin/hooks/broken.ts";
import { guardHost } from "../../../plugin/hooks/hostGuard.ts";
import { setup } from "../../../plugin/otherHost.ts";

const call = { tool: "read", sessionID: "s1", callID: "c1" };
const message = { sessionID: "s1", agent: "commander" };

/** Hooks of a swarm that works, in a host that says these versions one after the other; an Error is no answer. */
function guarded(...versions: (string | Error)[]) {
  const seen: string[] = [];
  const told: string[] = [];
  const live: Hooks = {
    config: async () => void seen.push("config"),
    "chat.message": async () => void seen.push("message"),
    "tool.execute.before": async () => void seen.push("call"),
    tool: { dispatch_workers: { description: "", args: {}, execute: async () => "dispatched" } },
  };
  const answers = [...versions];
  const host = {
    version: async () => {
      const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? "";
      if (answer instanceof Error) throw answer;
      return answer;
    },
    tell: async (text: string) => void told.push(text),
  };
  const logged: string[] = [];
  const hooks = guardHost(
    live,
    host,
    (problem) => brokenHooks(problem, {}),
    (text) => void logged.push(text),
  );
  const dispatch = () => hooks.tool?.dispatch_workers?.execute({}, {} as never);
  const speak = () => hooks["chat.message"]?.(message as never, {} as never);
  const use = () => hooks["tool.execute.before"]?.(call, { args: {} });
  return { hooks, seen, told, logged, dispatch, speak, use };
}

it("stands aside in an OpenCode that the plugin was made for", async () => {
  const { hooks, seen, told, logged, dispatch, speak, use } = guarded("1.18.33");
  await hooks.config?.({} as never);
  await speak();
  await use();
  expect([seen, told, logged]).toEqual([["config", "message", "call"], [], []]);
  expect(await dispatch()).toBe("dispatched");
});

it.each(["2.0.0", "1.17.9", "local"])(
  "starts no swarm in %s, and says once which one it is made for",
  async (version) => {
    const { hooks, seen, told, logged, dispatch, speak, use } = guarded(version);
    await hooks.config?.({} as never);
    expect(await dispatch()).toContain(`this is OpenCode ${version}`);
    await speak();
    await expect(use()).rejects.toThrow("opencode-ai@1.18.33");
    expect(seen).toEqual(["config"]);
    expect(told).toEqual([expect.stringContaining(`this is OpenCode ${version}`)]);
    expect(logged).toEqual(told);
  },
);

it("asks nothing while the host starts", async () => {
  const version = vi.fn(async () => "2.0.0");
  const host = { version, tell: async () => undefined };
  const hooks = guardHost(
    { config: async () => undefined },
    host,
    () => ({}),
    () => undefined,
  );
  await hooks.config?.({} as never);
  expect(version).not.toHaveBeenCalled();
  await hooks["chat.message"]?.({ sessionID: "s" } as never, {} as never);
  expect(version).toHaveBeenCalledOnce();
});

it("starts none before the host says its version, and asks again", async () => {
  const { seen, dispatch, speak, use, told } = guarded(
    new Error("busy"),
    new Error("busy"),
    new Error("busy"),
    "1.18.33",
  );
  await speak();
  expect(await dispatch()).toContain("does not say its version (busy)");
  await expect(use()).rejects.toThrow("does not say its version");
  expect(await dispatch()).toBe("dispatched");
  expect([seen, told]).toEqual([[], []]);
});

it("tells OpenCode 2 why nothing happens, and OpenCode 1.18 nothing", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "aegis-other-host-"));
  const said = vi.spyOn(console, "error").mockReturnValue();
  const where = vi.spyOn(process, "cwd").mockReturnValue(dir);
  onTestFinished(() => {
    said.mockRestore();
    where.mockRestore();
    rmSync(dir, { recursive: true, force: true });
  });
  setup({ options: {}, agent: {}, command: {}, plugin: {} });
  setup(undefined);
  expect(said).not.toHaveBeenCalled();
  // A project that never had a swarm gets no folder for it.
  setup({ tool: {}, session: {}, agent: {} });
  expect(said).toHaveBeenCalledWith(expect.stringContaining("this is OpenCode 2"));
  expect(() => readFileSync(path.join(dir, ".aegis/plugin.log"))).toThrow("ENOENT");
});
