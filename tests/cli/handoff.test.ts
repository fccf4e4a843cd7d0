import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeNotes } from "../../src/adapters/context/sessionFiles.ts";
import { newNotes, withWords } from "../../src/core/context/sessionNotes.ts";
import { cli, makeWorld, put, type World } from "./io.ts";

function noted(): World {
  const world = makeWorld();
  put(join(world.project, "src/a.ts"), "x");
  writeNotes(join(world.project, ".aegis"), withWords(newNotes("opencode", "ses_1", 1), "Build a board", 1));
  return world;
}

describe("handoff", () => {
  it("writes both files and says how to go on, as typed", async () => {
    const { project, env } = noted();
    const { code, out } = await cli(["handoff", "--to", "claude"], { cwd: project, env });
    expect(code).toBe(0);
    expect(out).toMatch(/^Handoff from OpenCode to Claude Code: \.aegis\/handoff\/context\.md \(\d+ characters\)\n/);
    expect(out).toContain("  claude 'Read .aegis/handoff/context.md and go on with the work that it hands over.'\n");
    expect(out).toContain("  claude -p --permission-mode acceptEdits 'Read ");
    const markdown = readFileSync(join(project, ".aegis/handoff/context.md"), "utf8");
    expect(markdown).toMatch(/> Switched from OpenCode to Claude Code[\s\S]*Build a board[\s\S]*- src\/a\.ts/);
    expect(readFileSync(join(project, ".aegis/.gitignore"), "utf8")).toBe("*\n");
  });

  it("gives the same as data, and the command lines as argument lists", async () => {
    const { project, env } = noted();
    const { out } = await cli(["handoff", "--to", "codex", "--task", "Finish it", "--json"], { cwd: project, env });
    const data = JSON.parse(out);
    expect(data).toMatchObject({
      ...{ ok: true, from: "opencode", to: "codex", file: join(project, ".aegis/handoff/context.md") },
      context: { task: { description: "Finish it", goal: "Build a board" }, meta: { sessionId: "ses_1" } },
    });
    expect(data.start).toEqual(["codex", expect.stringContaining(".aegis/handoff/context.md")]);
    expect(data.headless).toEqual(["codex", "exec", "-s", "workspace-write", data.start[1]]);
    expect(JSON.parse(readFileSync(data.json, "utf8"))).toEqual(data.context);
  });

  it("comes from Claude Code where that started it, in Korean too, and says that nothing is known", async () => {
    const { project, env } = makeWorld();
    const { out } = await cli(["handoff", "--lang", "ko"], { cwd: project, env: { ...env, CLAUDECODE: "1" } });
    expect(out).toContain("Claude Code에서 OpenCode(으)로 핸드오프");
    expect(out).toContain("--task");
    expect(readFileSync(join(project, ".aegis/handoff/context.md"), "utf8")).toContain(
      "> Claude Code에서 OpenCode로 전환됨",
    );
  });

  it("refuses outside a repository, an unknown tool and a configuration that is not sound", async () => {
    const { dir, project, env } = makeWorld();
    expect(await cli(["handoff"], { cwd: dir, env })).toMatchObject({
      code: 1,
      err: expect.stringContaining("git init"),
    });
    expect((await cli(["handoff", "--to", "vim"], { cwd: project, env })).code).toBe(2);
    put(join(project, "aegis.jsonc"), '{"keyword": []}');
    const broken = await cli(["handoff"], { cwd: project, env });
    expect(broken).toMatchObject({ code: 1, err: expect.stringContaining("keyword") });
  });
});
