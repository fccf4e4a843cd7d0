import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { chromium } from "playwright-core";
import { FileEventLogs } from "../../src/adapters/log/fileEventLogs.ts";
import { loadDemoContent } from "../../src/cli/demo/content.ts";
import { findOpencode, isolatedEnvironment } from "../../src/cli/demo/environment.ts";
import { makeProject, provideTools } from "../../src/cli/demo/project.ts";
import { demoBrain, demoRequest } from "../../src/cli/demo/scenario.ts";
import { demoWords } from "../../src/cli/demo/words.ts";
import { packageRoot } from "../../src/cli/packageRoot.ts";
import { fold } from "../../src/core/workflow/evolve.ts";
import type { Swarm } from "../../src/core/workflow/state.ts";
import { findChromium } from "../../tests/cli/dashboard/chromium.ts";
import { startScriptedServer } from "../../vllm/simulator/scriptedServer.ts";
import { progress } from "./report.ts";
import { terminalHtml } from "./terminalHtml.ts";
import { asWebp, MOST } from "./webp.ts";

const WORKERS = 8;
const MODEL = "scripted-qwen3-coder-next";
/** Milliseconds before each scripted answer: long enough to see Workers at work side by side. */
const LATENCY_MS = 1_500;
const PATIENCE_MS = 240_000;

/** A terminal of its own, in a server of its own: nobody else's sessions are touched. */
class Terminal {
  private readonly socket: string;

  constructor(dir: string) {
    this.socket = join(dir, "tmux");
  }

  async tmux(...argv: string[]): Promise<string> {
    const done = await execa("tmux", ["-u", "-S", this.socket, ...argv], {
      env: { LANG: "C.UTF-8" },
      timeout: 20_000,
    });
    return done.stdout;
  }

  async open(size: { columns: number; rows: number }, cwd: string, env: Record<string, string>, command: string[]) {
    const variables = Object.entries({ ...env, TERM: "xterm-256color", COLORTERM: "truecolor", LANG: "C.UTF-8" });
    const set = variables.flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    const where = ["-x", String(size.columns), "-y", String(size.rows), "-c", cwd];
    await this.tmux("new-session", "-d", "-s", "t", ...where, ...set, ...command);
    await this.tmux("set-option", "-t", "t", "status", "off");
    await this.tmux("set-option", "-t", "t", "remain-on-exit", "on");
  }

  text = () => this.tmux("capture-pane", "-p", "-t", "t");
  coloured = () => this.tmux("capture-pane", "-e", "-N", "-p", "-t", "t");

  async until(what: string, seen: () => Promise<boolean>): Promise<void> {
    for (const began = Date.now(); Date.now() - began < PATIENCE_MS; await sleep(200)) if (await seen()) return;
    throw new Error(`${what} did not come; on the screen is:\n${await this.text()}`);
  }

  async type(text: string): Promise<void> {
    await this.tmux("send-keys", "-t", "t", "-l", text);
    // The words have to be in the field before they are sent off.
    await this.until("what was typed", async () => (await this.text()).includes(text.slice(-12)));
    await this.tmux("send-keys", "-t", "t", "Enter");
  }
}

async function inTerminal(play: (terminal: Terminal, dir: string) => Promise<string>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "aegis-picture-"));
  const terminal = new Terminal(dir);
  try {
    return await play(terminal, dir);
  } finally {
    await terminal.tmux("kill-server").catch((error: unknown) => console.error("tmux could not be ended", error));
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The demo as a person sees it at its end. */
const demo = () =>
  inTerminal(async (terminal, dir) => {
    const root = packageRoot().dir;
    const env = { ...isolatedEnvironment(process.env, join(dir, "home"), ""), HOME: join(dir, "home") };
    const program = [process.execPath, join(root, "bin", "oh-my-qwencoder.js"), "demo", "--workers", String(WORKERS)];
    await terminal.open({ columns: 132, rows: 90 }, dir, env, program);
    await terminal.until("the demo's end", async () => (await terminal.text()).includes("isolation:"));
    return (await terminal.coloured()).replace(/\n*Pane is dead.*\s*$/u, "");
  });

async function swarmOf(project: string): Promise<Swarm | undefined> {
  const logs = new FileEventLogs(join(project, ".aegis"));
  const id = (await logs.list()).at(-1);
  return id === undefined ? undefined : fold(await logs.read(id));
}

/** A swarm in OpenCode's own screen while its Workers work. */
const tui = () =>
  inTerminal(async (terminal, dir) => {
    const root = packageRoot().dir;
    const content = await loadDemoContent(join(root, "templates", "demo-project"), WORKERS);
    const model = await startScriptedServer({ brain: demoBrain(content, "en"), modelId: MODEL, latencyMs: LATENCY_MS });
    const [home, project] = [join(dir, "home"), join(dir, "notice-board")];
    try {
      const env = isolatedEnvironment(process.env, home, "");
      await mkdir(home);
      await makeProject(project, content, env);
      const signal = new AbortController().signal;
      await provideTools(project, { packageDir: root, content, scratchDir: join(dir, "tools"), signal });
      const install = ["install", "--global", "--yes", "--base-url", model.baseUrl, "--model", MODEL];
      await execa(process.execPath, [join(root, "bin", "oh-my-qwencoder.js"), ...install], {
        ...{ cwd: project, env, extendEnv: false },
      });
      const opencode = await findOpencode(process.env, root);
      await terminal.open({ columns: 150, rows: 46 }, project, env, [opencode, "--agent", "commander"]);
      await terminal.until("the prompt", async () => /Ask anything/u.test(await terminal.text()));
      await terminal.type(demoRequest(content, "en"));
      await terminal.until("the question", async () => (await swarmOf(project))?.question !== undefined);
      await terminal.until("the Commander's rest", async () => !/esc.{0,12}interrupt/iu.test(await terminal.text()));
      await terminal.type(demoWords("en").yes);
      await terminal.until("Workers at work", async () => {
        const workers = (await swarmOf(project))?.workers ?? [];
        return workers.filter(({ status }) => status === "completed").length >= 2;
      });
      await sleep(1_000);
      return await terminal.coloured();
    } finally {
      await model.close();
    }
  });

const PICTURES = [
  { name: "terminal-demo", about: "npm run demo — a scripted model, no GPU; everything else is real", play: demo },
  { name: "terminal-opencode", about: "opencode — a swarm of 8 at work, with a scripted model", play: tui },
];

/** Plays both scenes and takes a picture of each. @param folder from the repository's root */
export async function draw(folder: string): Promise<void> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error("No chromium here; scripts/setup-dev.sh gets one.");
  await mkdir(folder, { recursive: true });
  for (const { name, about, play } of PICTURES) {
    const html = terminalHtml(await play(), about);
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage({ viewport: { width: 1600, height: 1200 }, deviceScaleFactor: 1.25 });
      await page.setContent(html);
      const png = await page.locator("figure").screenshot({ omitBackground: true });
      const webp = await asWebp(page, png);
      const file = join(folder, `${name}.webp`);
      await writeFile(file, webp);
      progress(`${file}: ${Math.round(webp.length / 1024)} KB`);
      if (webp.length > MOST) throw new Error(`${file} has more than ${MOST / 1024} KB`);
    } finally {
      await browser.close();
    }
  }
}
