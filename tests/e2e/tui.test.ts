import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { FileEventLogs } from "../../src/adapters/log/fileEventLogs.ts";
import { writeLive } from "../../src/adapters/view/liveFile.ts";
import { findOpencode, isolatedEnvironment } from "../../src/cli/demo/environment.ts";
import { SWARM, writeSwarm } from "../cli/swarm/liveSwarm.ts";
import { packageDir } from "./world.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });
const PATIENCE = { timeout: 120_000, interval: 500 };

const found = spawnSync("tmux", ["-V"]).status === 0;
if (!found)
  process.stderr.write("No tmux here: the test of OpenCode's own screen is skipped (scripts/setup-dev.sh).\n");

const dir = mkdtempSync(join(tmpdir(), "aegis-tui-"));
const project = join(dir, "project");
const home = join(dir, "home");
const stateDir = join(project, ".aegis");
// A server of its own, in a directory of its own: nobody else's sessions are touched.
const tmux = (...argv: string[]) =>
  execa("tmux", ["-u", "-S", join(dir, "tmux"), ...argv], { env: { LANG: "C.UTF-8" }, timeout: 20_000 });
const screen = async () => (await tmux("capture-pane", "-p", "-t", "tui")).stdout;

async function live(doing: string): Promise<void> {
  await writeLive(stateDir, {
    ...{ at: Date.now() + 600_000, pid: process.pid, swarm: SWARM, primary: "local" },
    workers: { w01: { doing, tokens: { input: 12_000, output: 345, cached: 0 } }, w02: { ahead: 3 } },
    servers: [
      {
        ...{ server: "127.0.0.1:8001", at: Date.now() + 600_000, running: 5, waiting: 2 },
        ...{ kvUsage: 0.41, prefixHits: 0.83, outputRate: 120 },
      },
    ],
  });
}

describe.skipIf(!found)("OpenCode's own screen", () => {
  beforeAll(async () => {
    mkdirSync(join(home, ".config/opencode/node_modules"), { recursive: true });
    mkdirSync(project);
    await execa("git", ["init", "-q", project]);
    const file = (path: string, value: unknown) => writeFileSync(path, JSON.stringify(value));
    file(join(home, ".config/opencode/package.json"), { dependencies: { "@opencode-ai/plugin": "*" } });
    file(join(project, "tui.json"), { plugin: [pathToFileURL(join(packageDir, "dist/tui.js")).href] });
    file(join(project, "opencode.json"), {
      ...{ enabled_providers: ["aegis"], model: "aegis/m", small_model: "aegis/m", share: "disabled" },
      provider: {
        aegis: {
          npm: "@ai-sdk/openai-compatible",
          // Nobody answers there: the screen is what this is about.
          options: { baseURL: "http://127.0.0.1:9/v1" },
          models: { m: { name: "m" } },
        },
      },
    });
    const opencode = await findOpencode(process.env, packageDir);
    const variables = { ...isolatedEnvironment(process.env, home, ""), TERM: "xterm-256color", LANG: "C.UTF-8" };
    const env = Object.entries(variables).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    await tmux("new-session", "-d", "-s", "tui", "-x", "160", "-y", "45", "-c", project, ...env, opencode);
    await vi.waitFor(async () => expect(await screen()).toContain("Ask anything"), PATIENCE);
    await tmux("send-keys", "-t", "tui", "hello");
    await vi.waitFor(async () => expect(await screen()).toContain("hello"), PATIENCE);
    await tmux("send-keys", "-t", "tui", "Enter");
  });
  afterAll(async () => {
    await tmux("kill-server").catch((error: unknown) => console.error("tmux could not be ended", error));
    rmSync(dir, { recursive: true, force: true });
  });

  test("shows that there is nothing yet, then follows the swarm, wide and narrow", async () => {
    await vi.waitFor(async () => expect(await screen()).toContain("No swarm in this project yet."), PATIENCE);
    await writeSwarm(project);
    await live("edit a");
    await vi.waitFor(async () => expect(await screen()).toContain("edit a"), PATIENCE);
    const wide = await screen();
    for (const text of [
      /monitoring · 0\/2 completed/,
      /w01 store +██░░░░░░ +12\.3k/,
      /queued 0s · waiting for the GPU/,
      /GPU 127\.0\.0\.1:8001 +5 running/,
      /KV 41% · prefix 83%\s+120 tok\/s/,
      /Routing +local \(fusion off\)/,
      /^ C:0↓ 0↑\|O:0↓ 0↑\|G:0↓ 0↑\|L:0↓ 0↑/m,
    ])
      expect(wide).toMatch(text);

    await new FileEventLogs(stateDir).append(SWARM, [
      { type: "worker_advanced", at: Date.now(), worker: "w01", stage: "self-qa" },
    ]);
    await live("npm test");
    await vi.waitFor(async () => expect(await screen()).toMatch(/w01 store +██████░░[\s\S]*npm test/), PATIENCE);

    await tmux("resize-window", "-t", "tui", "-x", "80", "-y", "24");
    await vi.waitFor(async () => {
      const narrow = await screen();
      expect(narrow).not.toContain("w01 store");
      expect(narrow).toMatch(/^ C:0↓ 0↑/m);
      expect(Math.max(...narrow.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    }, PATIENCE);

    // A file that is damaged, or gone, takes nothing else along.
    writeFileSync(join(stateDir, "live.json"), "{");
    await tmux("resize-window", "-t", "tui", "-x", "160", "-y", "45");
    await vi.waitFor(async () => expect(await screen()).toContain("No OpenCode drives it now."), PATIENCE);
    rmSync(stateDir, { recursive: true, force: true });
    await vi.waitFor(async () => expect(await screen()).toContain("No swarm in this project yet."), PATIENCE);
  });
});
