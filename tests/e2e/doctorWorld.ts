import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { allChecks } from "../../src/cli/doctor/all.ts";
import type { CheckRow } from "../../src/cli/doctor/check.ts";
import { type Facts, makeFacts } from "../../src/cli/doctor/facts/facts.ts";
import { runDoctor } from "../../src/cli/doctor/run.ts";
import { CliFailure } from "../../src/cli/failure.ts";
import type { Brain } from "../../vllm/simulator/brain.ts";
import { type ScriptedServer, startScriptedServer } from "../../vllm/simulator/scriptedServer.ts";
import { put, recordIo } from "../cli/io.ts";
import { SHORT_LIVED } from "./opencodeProgram.ts";
import { packageDir } from "./world.ts";

export const MODEL = "scripted-qwen3-coder-next";

/** What a fault does with a request: answers it itself (true), or lets the simulated server answer. */
export type Fault = (
  about: { url: string; body: string; incoming: IncomingMessage },
  response: ServerResponse,
) => boolean;

/** The simulated server behind a front that tests put faults into, and that can listen on any address. */
export class FaultyServer {
  private readonly front: Server;
  private readonly model: ScriptedServer;
  fault: Fault | undefined;
  /** Changes the text of /metrics. */
  metrics: ((text: string) => string) | undefined;

  private constructor(model: ScriptedServer) {
    this.model = model;
    this.front = createServer((incoming, response) => void this.answer(incoming, response));
  }

  static async start(host = "127.0.0.1"): Promise<FaultyServer> {
    const brain: Brain = (turn) =>
      turn.tools.includes("aegis_probe") && turn.assistantTurns === 0
        ? { toolCalls: [{ name: "aegis_probe", arguments: { word: "ping" } }] }
        : { text: "pong" };
    const server = new FaultyServer(await startScriptedServer({ modelId: MODEL, brain }));
    await new Promise<void>((resolve) => server.front.listen(0, host, resolve));
    return server;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.front.address() as AddressInfo).port}/v1`;
  }

  async close(): Promise<void> {
    this.front.closeAllConnections();
    await new Promise((resolve) => this.front.close(resolve));
    await this.model.close();
  }

  private async answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of incoming) body += String(chunk);
    const url = incoming.url ?? "/";
    if (this.fault?.({ url, body, incoming }, response)) return;
    const upstream = new URL(url, this.model.baseUrl);
    if (url === "/metrics" && this.metrics) {
      response.end(this.metrics(await (await fetch(upstream)).text()));
      return;
    }
    const headers = { ...incoming.headers, host: upstream.host };
    const passed = request(upstream, { method: incoming.method, headers }, (answered) => {
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(response);
    });
    passed.on("error", () => response.destroy());
    passed.end(body);
  }
}

/** A person's machine with the product installed for them, and a project. */
export class DoctorWorld {
  readonly dir = realpathSync(mkdtempSync(path.join(tmpdir(), "aegis-doctor-test-")));
  readonly home = path.join(this.dir, "home");
  readonly project = path.join(this.dir, "project");
  readonly env: Record<string, string> = {
    // OpenCode last: what a test puts before it counts.
    PATH: `${path.join(this.dir, "bin")}:${process.env.PATH}:${path.join(packageDir, "node_modules/.bin")}`,
    ...SHORT_LIVED,
    HOME: this.home,
    XDG_CONFIG_HOME: "",
    XDG_STATE_HOME: "",
    XDG_DATA_HOME: "",
    // Not "": Bun then keeps its cache in the directory that it is started in.
    XDG_CACHE_HOME: path.join(this.home, ".cache"),
    LANG: "C",
  };

  static async make(baseUrl: string, scope: "global" | "project" = "global"): Promise<DoctorWorld> {
    const world = new DoctorWorld();
    mkdirSync(world.project);
    mkdirSync(path.join(world.dir, "bin"));
    const git = (...args: string[]) => execa("git", args, { cwd: world.project });
    await git("init", "-q", "-b", "main");
    put(path.join(world.project, ".gitignore"), ".aegis/\n");
    await git("add", "-A");
    await git("-c", "user.name=Person", "-c", "user.email=person@localhost", "commit", "-q", "-m", "start");
    // OpenCode's search is not what these tests are about, and not every machine has it.
    await world.program("rg", "exit 0");
    const where = ["--yes", "--base-url", baseUrl, "--model", MODEL, ...(scope === "global" ? ["--global"] : [])];
    await execa(process.execPath, [path.join(packageDir, "bin/oh-my-qwencoder.js"), "install", ...where], {
      cwd: world.project,
      env: world.env,
      extendEnv: false,
    });
    return world;
  }

  /** Puts a program of the test's own before all others. */
  program(name: string, script: string): Promise<unknown> {
    const file = put(path.join(this.dir, "bin", name), `#!/bin/sh\n${script}\n`);
    return execa("chmod", ["+x", file]);
  }

  /** What takes seconds to look up, asked of real OpenCode once and kept. */
  facts(env: Record<string, string> = {}): Facts {
    return makeFacts(this.io(env).io, {});
  }

  io(env: Record<string, string> = {}) {
    return recordIo({ cwd: this.project, env: { ...this.env, ...env } });
  }

  /** Runs the doctor and gives its rows. `known` are facts that a fault does not touch. */
  async doctor(
    known: Partial<Pick<Facts, "opencode" | "merged" | "elsewhere" | "served" | "gate">> = {},
    env: Record<string, string> = {},
    options: { deep?: boolean; lang?: "en" | "ko" } = {},
  ): Promise<{ code: number; rows: CheckRow[]; out: string; err: string }> {
    const { io, out, err } = this.io(env);
    const spoken = { ...io, lang: options.lang ?? io.lang };
    const given = { json: true, deep: options.deep ?? false };
    try {
      await runDoctor(spoken, given, { checks: allChecks, facts: makeFacts(spoken, {}, known) });
      return { code: 0, rows: JSON.parse(out()).checks, out: out(), err: err() };
    } catch (error) {
      if (!(error instanceof CliFailure)) throw error;
      return { code: error.exitCode, rows: error.data.checks as CheckRow[], out: out(), err: err() };
    }
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** `{name: status}` of the rows that fail or warn. */
export const findings = (rows: readonly CheckRow[]): Record<string, string> =>
  Object.fromEntries(
    rows.flatMap(({ name, status }) => (status === "fail" || status === "warn" ? [[name, status]] : [])),
  );
