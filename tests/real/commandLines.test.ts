import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findProgram } from "../../src/adapters/programs/findProgram.ts";
import { runCli } from "../../src/adapters/programs/runCli.ts";
import { type CliName, PROGRAMS } from "../../src/core/executors/invocation.ts";
import { codexHome } from "./codexHome.ts";

/**
 * The real codex, claude and gemini of this machine against a scripted server on loopback; one that is not installed is
 * skipped. `PATH=…/node_modules/.bin:$PATH npx vitest run --config vitest.vllm.config.ts tests/real/commandLines.test.ts`.
 */
const FAILURES = {
  401: ["invalid x-api-key", "authentication_error"],
  529: ["Overloaded", "overloaded_error"],
} as const;
type Mode = "ok" | keyof typeof FAILURES;

const servers = new Map<Mode, LLMock>();
let home = "";
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "omq-clis-"));
  for (const mode of ["ok", 401, 529] as const) {
    const mock = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent" });
    if (mode === "ok") mock.onMessage(/.*/s, { content: "The answer is 42." });
    else mock.onMessage(/.*/s, { error: { message: FAILURES[mode][0], type: FAILURES[mode][1] }, status: mode });
    await mock.start();
    servers.set(mode, mock);
  }
});
afterAll(async () => {
  for (const mock of servers.values()) await mock.stop();
  rmSync(home, { recursive: true, force: true });
});

/** How each is led to the scripted server, by its own means. */
function environment(cli: CliName, url: string): Record<string, string> {
  if (cli === "claude")
    return {
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_API_KEY: "scripted",
      CLAUDE_CODE_MAX_RETRIES: "0",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    };
  if (cli === "gemini") {
    mkdirSync(join(home, ".gemini"), { recursive: true });
    const settings = { security: { auth: { selectedType: "gemini-api-key" } } };
    writeFileSync(join(home, ".gemini/settings.json"), JSON.stringify(settings));
    return { GEMINI_API_KEY: "scripted", GOOGLE_GEMINI_BASE_URL: url };
  }
  return codexHome(home, url, { provider: ["request_max_retries = 0", "stream_max_retries = 0"] });
}

describe.each([
  ["codex", "gpt-5.2-codex"],
  ["claude", "claude-haiku-4-5"],
  ["gemini", "gemini-2.5-flash"],
] as const)("the real %s", (cli, model) => {
  const program = findProgram(PROGRAMS[cli], process.env.PATH);

  const run = (mode: Mode) =>
    runCli({
      cli,
      model,
      program,
      prompt: "-- What is the answer?",
      projectDir: home,
      env: {
        PATH: process.env.PATH ?? "",
        HOME: home,
        ...environment(cli, servers.get(mode)?.url ?? ""),
      },
      timeoutMs: 120_000,
    });

  test.skipIf(program === undefined)("answers", async () => {
    const result = await run("ok");
    expect(result, JSON.stringify(result)).toMatchObject({ text: "The answer is 42.", exitCode: 0 });
    expect(result.failure).toBeUndefined();
  });

  test.skipIf(program === undefined)("a refused key", async () => {
    expect(await run(401)).toMatchObject({ failure: { kind: "auth" } });
  });

  // gemini waits inside for minutes.
  test.skipIf(program === undefined || cli === "gemini")("an overloaded server", async () => {
    expect(await run(529)).toMatchObject({ failure: { kind: "overload" } });
  });
});
