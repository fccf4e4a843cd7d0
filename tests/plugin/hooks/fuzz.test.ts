import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hooks } from "@opencode-ai/plugin";
import { execa } from "execa";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compose } from "../../../plugin/compose.ts";
import { liveHooks } from "../../../plugin/hooks/live.ts";
import { decide } from "../../../src/core/workflow/decide.ts";
import { fold } from "../../../src/core/workflow/evolve.ts";
import type { SwarmState } from "../../../src/core/workflow/state.ts";
import { inMonitoring, timed } from "../../core/workflow/scenario.ts";

let dir: string;
let hooks: Hooks;

/** A project with a swarm of two live Workers, and the hooks over real adapters. */
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "aegis-hooks-fuzz-"));
  await execa("git", ["init", "--quiet"], { cwd: dir });
  let state: SwarmState;
  const lines = inMonitoring.flatMap((told) => {
    const decision = decide(timed(told), state);
    if (!decision.ok) throw new Error(decision.refusal.happened);
    state = fold(decision.events, state);
    return decision.events.map((event) => `${JSON.stringify(event)}\n`);
  });
  await mkdir(join(dir, ".aegis/swarms/s-1"), { recursive: true });
  await writeFile(join(dir, ".aegis/swarms/s-1/events.jsonl"), lines.join(""));
  const agents: Record<string, string> = { ...SESSIONS };
  const answer = async (input: RequestInfo | URL) => {
    const id = /\/session\/([^/]+)$/u.exec(new URL(new Request(input).url).pathname)?.[1] ?? "";
    return agents[id] === undefined ? Response.json(true) : Response.json({ id, title: id, agent: agents[id] });
  };
  const composed = await compose(
    { directory: dir, worktree: dir, baseUrl: "http://127.0.0.1:1", headers: {}, fetch: answer as typeof fetch },
    {},
  );
  if (!composed.ok) throw new Error(composed.problem);
  composed.services.hostConfig.findings = [];
  hooks = liveHooks(composed, {}, dir);
});
afterEach(async () => {
  await hooks.dispose?.();
  await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
});

const SESSIONS = { commander: "commander", "session-w01": "worker", "ses-scout": "scout" } as const;
const session = fc.constantFrom(...Object.keys(SESSIONS), "ses-nobody");
const text = fc.oneof(
  fc.string(),
  fc.constantFrom(
    "src/a/x.ts",
    "../x",
    "/etc/passwd",
    "\u0000",
    "w01",
    "src/**",
    "[",
    "{",
    "a".repeat(20_000),
    "__proto__",
  ),
);
const value = fc.oneof({ weight: 2, arbitrary: text as fc.Arbitrary<unknown> }, fc.jsonValue());
const record = (keys: readonly string[]) =>
  fc.dictionary(fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...keys) }, fc.string()), value, { maxKeys: 6 });
const log = () => readFile(join(dir, ".aegis/plugin.log"), "utf8").catch(() => "");

describe("arguments that are none", () => {
  it("come back from every tool of the swarm as words with the next step, and throw nothing", {
    timeout: 120_000,
  }, async () => {
    const tools = Object.entries(hooks.tool ?? {});
    expect(tools.length).toBeGreaterThan(10);
    for (const [name, tool] of tools) {
      const context = { abort: AbortSignal.timeout(2_000), metadata: () => undefined };
      const args = fc.oneof(record([...Object.keys(tool.args), "x"]), fc.jsonValue());
      await fc.assert(
        fc.asyncProperty(args, session, async (given, sessionID) => {
          // A wait for Workers that run is no answer to odd arguments.
          if (name === "await_workers" && typeof given === "object" && Object.keys(given ?? {}).length === 0) return;
          const call = { ...context, sessionID } as unknown as Parameters<typeof tool.execute>[1];
          const said = await tool.execute(given as never, call);
          expect(typeof said === "string" && said.length > 0).toBe(true);
          if (String(said).startsWith("Refused")) expect(said).toMatch(/^Refused \([a-z-]+\): [\s\S]+\nNext step: /u);
        }),
        { numRuns: 40 },
      );
    }
  });

  it("of the host's own tools are judged: they pass or are refused in words", { timeout: 120_000 }, async () => {
    const keys = [
      "filePath",
      "command",
      "pattern",
      "path",
      "patchText",
      "description",
      "prompt",
      "subagent_type",
      "workdir",
    ];
    const tool = fc.constantFrom(
      "write",
      "edit",
      "apply_patch",
      "bash",
      "read",
      "glob",
      "grep",
      "task",
      "webfetch",
      "question",
      "x",
    );
    let call = 0;
    await fc.assert(
      fc.asyncProperty(tool, session, fc.oneof(record(keys), fc.jsonValue()), async (name, sessionID, args) => {
        call += 1;
        const input = { tool: name, sessionID, callID: `c${call}` };
        const refused = await hooks["tool.execute.before"]?.(input, { args }).then(
          () => undefined,
          (error: unknown) => error,
        );
        // The turn ends: what this call holds up is free again.
        await hooks.event?.({ event: { type: "session.idle", properties: { sessionID } } });
        if (refused === undefined) return;
        expect(refused).toBeInstanceOf(Error);
        expect((refused as Error).message).toMatch(/^Refused \([a-z-]+\): [\s\S]+\nNext step: /u);
        // What no file can be called is the one thing that a gate cannot look at: it refuses for that.
        if (!/null bytes|ENAMETOOLONG/u.test((refused as Error).message))
          expect((refused as Error).message).not.toContain("gate-failed");
      }),
      { numRuns: 250 },
    );
  });
});

describe("events that are none", () => {
  it("of the host's are passed over without a word", async () => {
    const types = [
      "session.created",
      "session.status",
      "session.idle",
      "session.error",
      "question.replied",
      "message.updated",
      "message.part.updated",
      "permission.asked",
      "x",
    ];
    const properties = record([
      "sessionID",
      "info",
      "status",
      "error",
      "requestID",
      "answers",
      "part",
      "id",
      "permission",
    ]);
    const event = fc.oneof(
      fc.record({ type: fc.constantFrom(...types), properties: fc.oneof(properties, fc.jsonValue()) }),
      fc.jsonValue(),
    );
    await fc.assert(
      fc.asyncProperty(event, async (each) => {
        await expect(hooks.event?.({ event: each as never })).resolves.toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
    expect(await log()).toBe("");
  });
});
