import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ChatCompletionRequest, LLMock } from "@copilotkit/aimock";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { writeNotes } from "../../src/adapters/context/sessionFiles.ts";
import { findProgram } from "../../src/adapters/programs/findProgram.ts";
import { HANDOFF_FILE, typedLine } from "../../src/core/context/handoffTool.ts";
import { newNotes, withWords } from "../../src/core/context/sessionNotes.ts";
import { codexHome } from "./codexHome.ts";

/**
 * Work that is handed over, gone on with in the real claude and codex against a scripted server of their providers on
 * loopback; one that is not installed is skipped.
 * `PATH=…/node_modules/.bin:$PATH npx vitest run --config vitest.vllm.config.ts tests/real/handoffs.test.ts`.
 */
const bin = fileURLToPath(new URL("../../bin/oh-my-qwencoder.js", import.meta.url));
const PATIENCE = { timeout: 60_000, interval: 300 };
const hasTmux = spawnSync("tmux", ["-V"]).status === 0;
const WORK = "Build the board with three columns";
/** Written by whoever goes on, so that it is seen that they may. */
const MADE = "board.txt";

const handed = z.object({ start: z.array(z.string()), headless: z.array(z.string()) });

const dir = mkdtempSync(join(tmpdir(), "omq-handoffs-"));
afterAll(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));

type Tool = "claude" | "codex";

/** How each names what reads and what writes a file. */
const CALLS: Record<Tool, (project: string) => { name: string; arguments: string }[]> = {
  claude: (project) => [
    { name: "Read", arguments: JSON.stringify({ file_path: join(project, HANDOFF_FILE) }) },
    { name: "Write", arguments: JSON.stringify({ file_path: join(project, MADE), content: "made\n" }) },
  ],
  codex: () => [
    { name: "exec_command", arguments: JSON.stringify({ cmd: `cat ${HANDOFF_FILE}` }) },
    { name: "exec_command", arguments: JSON.stringify({ cmd: `echo made > ${MADE}` }) },
  ],
};

function settings(tool: Tool, home: string, project: string, url: string): Record<string, string> {
  if (tool === "claude") {
    const known = {
      hasCompletedOnboarding: true,
      projects: { [project]: { hasTrustDialogAccepted: true } },
      customApiKeyResponses: { approved: ["scripted"], rejected: [] },
    };
    writeFileSync(join(home, ".claude.json"), JSON.stringify(known));
    return {
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_API_KEY: "scripted",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    };
  }
  // Codex keeps its sandbox's program in its home, and takes none that lies among temporary files.
  const TMPDIR = join(home, "tmp");
  mkdirSync(TMPDIR);
  const top = ['model = "gpt-5.2-codex"'];
  const tables = [`[projects."${project}"]`, 'trust_level = "trusted"'];
  return { ...codexHome(home, url, { top, tables }), TMPDIR };
}

describe.each(["claude", "codex"] as const)("a handoff to the real %s", (tool) => {
  const program = findProgram([tool], process.env.PATH);
  const home = join(dir, tool, "home");
  const project = join(dir, tool, "project");
  const mock = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent" });
  let env: Record<string, string>;
  let lines: z.infer<typeof handed>;

  beforeAll(async () => {
    mkdirSync(home, { recursive: true });
    await execa("git", ["init", "-q", project]);
    await mock.start();
    const plain = {
      PATH: process.env.PATH ?? "",
      HOME: home,
      LANG: "C.UTF-8",
      XDG_CONFIG_HOME: "",
      XDG_STATE_HOME: "",
    };
    env = { ...plain, ...settings(tool, home, project, mock.url) };
    writeNotes(join(project, ".aegis"), withWords(newNotes("opencode", "ses_1", 1), WORK, 1));
    const { stdout } = await execa(process.execPath, [bin, "handoff", "--to", tool, "--json"], {
      ...{ cwd: project, env: plain, extendEnv: false },
    });
    lines = handed.parse(JSON.parse(stdout));
  });
  afterAll(() => mock.stop());

  /** What the model was given, request by request; the scripted server itself keeps no long ones. */
  const asked: string[] = [];
  /** The model reads the handoff, writes a file and says so. */
  const teach = () => {
    rmSync(join(project, MADE), { force: true });
    asked.length = 0;
    mock.clearFixtures();
    const note = (request: ChatCompletionRequest) => {
      asked.push(JSON.stringify(request.messages));
      return false;
    };
    mock.on({ predicate: note }, { content: "" });
    const results = ({ messages }: ChatCompletionRequest) => messages.filter(({ role }) => role === "tool").length;
    for (const [index, each] of CALLS[tool](project).entries())
      mock.on(
        { predicate: (request) => (request.tools?.length ?? 0) > 0 && results(request) === index },
        { toolCalls: [each] },
      );
    mock.onMessage(/.*/s, { content: "Scripted: it is gone on with." });
  };
  /** The model was given the line's words first, and then what the handoff says. */
  const handedOver = () => {
    const [first = ""] = asked.filter((messages) => messages.includes(HANDOFF_FILE));
    expect(first).not.toContain(WORK);
    expect(asked.at(-1)).toContain(WORK);
  };

  test.skipIf(program === undefined)("goes on without a chat, and may change files", async () => {
    teach();
    const [name, ...argv] = lines.headless;
    expect(name).toBe(tool);
    const options = { cwd: project, env, extendEnv: false, stdin: "ignore", reject: false, all: true } as const;
    const done = await execa(program ?? "", argv, { ...options, timeout: 120_000 });
    expect(done.exitCode, done.all).toBe(0);
    expect(done.stdout).toContain("it is gone on with");
    handedOver();
    expect(readFileSync(join(project, MADE), "utf8")).toBe("made\n");
  });

  test.skipIf(program === undefined || !hasTmux)("goes on in a chat, by the line as it is typed", async () => {
    teach();
    const tmux = (...words: string[]) => execa("tmux", ["-u", "-S", join(dir, `${tool}.tmux`), ...words]);
    const given = Object.entries(env).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
    const size = ["-x", "160", "-y", "45", "-c", project];
    await tmux("new-session", "-d", "-s", "chat", ...size, ...given, typedLine(lines.start));
    try {
      const screen = async () => (await tmux("capture-pane", "-p", "-t", "chat")).stdout;
      // A chat asks before it writes: nobody is there, so only the reading is waited for.
      await vi.waitFor(async () => {
        expect(
          asked.some((messages) => messages.includes(WORK)),
          await screen(),
        ).toBe(true);
      }, PATIENCE);
      handedOver();
    } finally {
      await tmux("kill-server");
    }
    expect(existsSync(join(project, HANDOFF_FILE))).toBe(true);
  });
});
