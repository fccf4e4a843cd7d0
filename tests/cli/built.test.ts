import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { makeWorld } from "./io.ts";

const root = realpathSync(join(dirname(fileURLToPath(import.meta.url)), "../.."));

beforeAll(() => {
  if (!existsSync(join(root, "dist/cli.js"))) throw new Error("dist/ is missing: run `npm run build` first.");
});

const run = (argv: readonly string[], options: { cwd: string; env: Record<string, string>; input?: string }) =>
  execa(process.execPath, [join(root, "bin/oh-my-qwencoder.js"), ...argv], {
    ...options,
    extendEnv: false,
    reject: false,
  });

describe("the built program", () => {
  it("completes its own commands, options and their values in a shell", async () => {
    const { project: cwd, env } = makeWorld();
    const offered = async (...words: string[]) =>
      (await run(["complete", "--", ...words], { cwd, env })).stdout
        .split("\n")
        .slice(0, -1)
        .map((line) => line.split("\t")[0]);
    expect(await offered("swarm", "")).toEqual(expect.arrayContaining(["status", "events", "resume", "abort"]));
    expect(await offered("swarm", "st")).toEqual(["status"]);
    expect(await offered("install", "--base")).toEqual(["--base-url"]);
    expect(await offered("stats", "--period", "")).toEqual(["minute", "hour", "day", "month"]);
    const korean = await run(["--lang", "ko", "complete", "--", "swa"], { cwd, env });
    expect(korean.stdout).toMatch(/^swarm\t.*스웜/u);
    for (const shell of ["zsh", "fish"])
      expect((await run(["completion", shell], { cwd, env })).stdout).toContain("oh-my-qwencoder complete --");
    const script = await run(["completion", "bash"], { cwd, env });
    expect(await execa("bash", ["-n"], { input: script.stdout })).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await run(["completion", "tcsh"], { cwd, env })).toMatchObject({ exitCode: 2 });
  });

  it("installs without a terminal only with --yes, and takes it back", async () => {
    const { project, env } = makeWorld();
    const where = { cwd: project, env };
    const url = ["--base-url", "http://127.0.0.1:9/v1"];
    const refused = await run(["install", ...url], where);
    expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining("--yes")]);
    const done = await run(["install", "--yes", ...url], where);
    expect([done.exitCode, done.stdout]).toEqual([0, expect.stringContaining(`"file://${root}/dist/plugin.js"`)]);
    expect(done.stderr).toContain("no model server answers");
    const undone = await run(["install", "--uninstall"], where);
    expect(undone.exitCode).toBe(0);
  });

  it("shows the hud by its shorter way, and leaves help and mistakes to the whole command line", async () => {
    const { project, env } = makeWorld();
    const where = { cwd: project, env };
    const shown = await run(["hud", "--lang", "ko"], where);
    expect([shown.exitCode, shown.stderr, shown.stdout.split("\n")[0]]).toEqual([
      0,
      "",
      "이 프로젝트에는 아직 스웜이 없습니다.",
    ]);
    expect((await run(["hud", "--help"], where)).stdout).toContain("--watch");
    const wrong = await run(["hud", "--jsn"], where);
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining("--json")]);
  });

  it("prints one JSON object, reads standard input, and speaks the locale's language", async () => {
    const { project, env } = makeWorld();
    const show = await run(["config", "show", "--json"], { cwd: project, env });
    expect(JSON.parse(show.stdout).ok).toBe(true);
    const input = `[{"name":"a","fileScope":["x/**"]},{"name":"b","fileScope":["x/y"]}]`;
    const check = await run(["scope", "check", "-", "--json"], { cwd: project, env, input });
    expect([check.exitCode, JSON.parse(check.stdout).overlaps[0].witness]).toEqual([1, "x/y"]);
    const korean = await run(["nope"], { cwd: project, env: { ...env, LANG: "ko_KR.UTF-8" } });
    expect([korean.exitCode, korean.stderr]).toEqual([2, expect.stringContaining("각 명령의 --help")]);
  });
});
