import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { install } from "../cli/install/installWorld.ts";
import { cli, makeWorld, put } from "../cli/io.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const root = path("../..");
const examples = join(root, "examples");
const read = (file: string) => readFileSync(join(examples, file), "utf8");

describe("examples/README.md", () => {
  it("names every example, and nothing else", () => {
    const named = [...read("README.md").matchAll(/^\| \[[^\]]+\]\(([^)]+)\)/gmu)].map(([, file]) => file);
    const there = ["library", "aegis", "opencode"].flatMap((dir) =>
      readdirSync(join(examples, dir)).map((name) => `${dir}/${name}`),
    );
    expect(named.toSorted()).toEqual(there.filter((file) => file !== "opencode/before.jsonc").toSorted());
  });
});

describe("an example of the library", () => {
  beforeAll(() => {
    if (!existsSync(join(root, "dist/index.js"))) throw new Error("dist/ is missing: run `npm run build` first.");
  });

  /** As a person runs it in a project that has the package, with a scripted `opencode` on PATH. */
  async function run(example: string): Promise<string[]> {
    const { project, env, home } = makeWorld();
    for (const each of ["bin", "node_modules"]) mkdirSync(join(project, each));
    mkdirSync(home);
    symlinkSync(root, join(project, "node_modules/oh-my-qwencoder"));
    symlinkSync(join(examples, "library", example), join(project, example));
    symlinkSync(path("../adapters/programs/scripted.mjs"), join(project, "bin/opencode"));
    const { stdout } = await execa(process.execPath, ["--preserve-symlinks-main", example], {
      cwd: project,
      env: {
        ...{ PATH: `${join(project, "bin")}:${env.PATH}`, HOME: home },
        ...{ SCRIPTED_DIR: path("../fixtures/cli"), SCRIPTED_CASE: "success" },
      },
      extendEnv: false,
    });
    return stdout.split("\n");
  }

  it("asks the policy, and decides purely", async () => {
    expect(await run("route.mjs")).toEqual([
      "executor: local, qwen3-coder-next (default)",
      expect.stringMatching(/^with a full primary: openai \(limit: .*95 ?%/u),
    ]);
  });

  it("compares scopes and proves it", async () => {
    expect(await run("scopes.mjs")).toEqual([
      "they overlap",
      "cart (src/shared/{money,tax}.ts) and checkout (src/shared/t*.ts) both match src/shared/tax.ts",
    ]);
  });

  it("does tasks in parallel", async () => {
    expect(await run("parallel.mjs")).toEqual([
      "Dependencies exist between tasks",
      "user: done by local",
      "auth: done by local",
      "tests: done by local",
    ]);
  });

  it("counts requests", async () => {
    expect(await run("tracking.mjs")).toEqual(["3 requests, 1200 ms each, $0.024", "last: 1500 ms"]);
  });

  it("writes a handoff", async () => {
    const lines = await run("handoff.mjs");
    expect(lines.join("\n")).toContain("Refactor the login");
    expect(lines.at(-1)).toBe("as JSON: true");
  });
});

describe("an example of a configuration", () => {
  it.each(["laptop", "h200", "shared-server"])("aegis/%s.jsonc is valid as a person's own", async (name) => {
    const world = makeWorld();
    put(join(world.home, ".config/oh-my-qwencoder/aegis.jsonc"), read(`aegis/${name}.jsonc`));
    const { code, err } = await cli(["config", "validate"], { cwd: world.project, env: world.env });
    expect([code, err]).toEqual([0, ""]);
  });

  it("aegis/project.jsonc is valid in a repository, and nothing of it is ignored there", async () => {
    const world = makeWorld();
    put(join(world.project, "aegis.jsonc"), read("aegis/project.jsonc"));
    const { code, err } = await cli(["config", "validate"], { cwd: world.project, env: world.env });
    expect([code, err]).toEqual([0, ""]);
  });

  it("opencode/opencode.jsonc is what an install makes of before.jsonc", async () => {
    const world = makeWorld();
    const file = put(join(world.project, "opencode.jsonc"), read("opencode/before.jsonc"));
    await install(world);
    const made = readFileSync(file, "utf8").replace(
      /file:\/\/[^"]*(?=\/dist\/plugin\.js)/u,
      "file:///usr/lib/node_modules/oh-my-qwencoder",
    );
    expect(made).toBe(read("opencode/opencode.jsonc"));
  });
});
