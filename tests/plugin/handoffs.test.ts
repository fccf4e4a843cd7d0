import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Handoffs } from "../../plugin/handoffs.ts";
import { readNotes } from "../../src/adapters/context/sessionFiles.ts";
import { configSchema } from "../../src/config/schema.ts";
import { file, git, makePlace } from "../library/context/world.ts";

function desk(settings: object = {}) {
  const { project, stateHome } = makePlace();
  git(project, "init", "-q");
  const shown: string[] = [];
  const problems: string[] = [];
  const services = {
    projectDir: project,
    now: () => Date.now(),
    log: (message: string, error?: unknown) => void problems.push(`${message} ${String(error)}`),
    sessions: {
      notice: async (text: string) => {
        shown.push(text);
      },
    },
  };
  const config = configSchema.parse(settings);
  const handoffs = new Handoffs(services as unknown as ConstructorParameters<typeof Handoffs>[0], config, stateHome);
  const markdown = () => {
    const path = join(project, ".aegis/handoff/context.md");
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  };
  const limit = (usedPercent: number) => {
    mkdirSync(stateHome, { recursive: true });
    const common = { provider: "claude", source: "x", confidence: "reported", blocks: true, observedAt: Date.now() };
    writeFileSync(
      join(stateHome, "limits.json"),
      JSON.stringify({ windows: [{ ...common, windowKind: "5h", windowSeconds: 18_000, usedPercent }] }),
    );
  };
  return { project, handoffs, shown, problems, markdown, limit };
}

const CLAUDE = { routing: { primary: "claude" } };

describe("a handoff that seems to be wanted", () => {
  it("is offered once for a word, and not written", async () => {
    const { handoffs, shown, markdown } = desk();
    await handoffs.spoke("ses_1", "여기서 전환하자");
    await handoffs.spoke("ses_1", "전환 해줘");
    expect(shown).toEqual([expect.stringContaining("/handoff")]);
    expect(shown[0]).toMatch(/작업 상태를 기록/);
    expect(markdown()).toBeUndefined();
  });

  it("is written on its own where that is configured, with the configured words", async () => {
    const { handoffs, shown, markdown } = desk({ autoHandoff: true, keywords: ["pass it on"] });
    await handoffs.spoke("ses_1", "Build the board");
    await handoffs.spoke("ses_1", "handoff");
    expect(markdown()).toBeUndefined();
    await handoffs.spoke("ses_1", "now pass it on");
    expect(markdown()).toMatch(/Switched from OpenCode to OpenCode[\s\S]*now pass it on[\s\S]*Build the board/);
    expect(shown).toEqual([expect.stringContaining("The handoff is in .aegis/handoff/context.md.")]);
  });

  it("is offered once a limit of the primary comes to the threshold, and again the next time", async () => {
    const { handoffs, shown, limit } = desk(CLAUDE);
    for (const percent of [89, 91, 95, 20, 90]) {
      limit(percent);
      await handoffs.spoke("ses_1", "and on");
    }
    expect(shown.map((text) => /(\d+) %/.exec(text)?.[1])).toEqual(["91", "90"]);
  });

  it("is no matter where the local model is the primary, or nobody wants to be told", async () => {
    const local = desk();
    local.limit(99);
    await local.handoffs.spoke("ses_1", "and on");
    expect(local.shown).toEqual([]);
    for (const notifications of [{ quietMode: true }, { showOnKeyword: false, showOnThreshold: false }]) {
      const quiet = desk({ ...CLAUDE, notifications });
      quiet.limit(99);
      await quiet.handoffs.spoke("ses_1", "handoff");
      expect(quiet.shown).toEqual([]);
    }
  });
});

describe("the command", () => {
  it.each([
    ["", "OpenCode", ""],
    ["claude", "Claude Code", ""],
    ["--to codex finish the tests", "Codex", "finish the tests"],
    ["finish the tests", "OpenCode", "finish the tests"],
  ])("%j", async (typed, to, task) => {
    const { handoffs, markdown } = desk();
    await handoffs.spoke("ses_1", "Build the board");
    const told = await handoffs.command("ses_1", typed);
    expect(told).toMatch(/^The handoff is in/);
    expect(markdown()).toContain(`> Switched from OpenCode to ${to}`);
    expect(markdown()).toContain(task === "" ? "## Current Task\nBuild the board" : `## Current Task\n${task}`);
  });

  it("says why it could not be written", async () => {
    const { project, handoffs, problems } = desk();
    file(project, "aegis.jsonc", "{ nothing: ");
    expect(await handoffs.command("ses_1", "")).toMatch(/^The handoff could not be written: [\s\S]*aegis\.jsonc/);
    expect(problems).toHaveLength(1);
  });
});

describe("what is noted of a chat", () => {
  it("is kept where the project has our directory, and goes on in the next process", async () => {
    const { project, handoffs } = desk();
    await handoffs.spoke("ses_1", "Build the board");
    handoffs.flush();
    expect(existsSync(join(project, ".aegis"))).toBe(false);
    mkdirSync(join(project, ".aegis"));
    handoffs.flush();
    await handoffs.touched(() => Promise.resolve("ses_1"), "read", { filePath: "src/a.ts" });
    await handoffs.touched(() => Promise.resolve("ses_1"), "bash", { command: "ls" });
    await handoffs.touched(() => Promise.reject(new Error("no host")), "read", { filePath: "src/b.ts" });
    handoffs.listed("ses_1", [{ content: "ship", status: "pending" }]);
    handoffs.flush();
    expect(readNotes(join(project, ".aegis"))).toMatchObject({
      ...{ session: "ses_1", tool: "opencode", first: "Build the board", files: ["src/a.ts"] },
      todos: [{ content: "ship", status: "pending" }],
    });
  });
});
