import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { allChecks } from "../../src/cli/doctor/all.ts";
import { type Check, type CheckContext, type CheckName, type CheckRow, ok, warn } from "../../src/cli/doctor/check.ts";
import { foreignProviders } from "../../src/cli/doctor/checks/egress.ts";
import { checkGate } from "../../src/cli/doctor/checks/gate.ts";
import { nodeIsNewEnough } from "../../src/cli/doctor/checks/machine.ts";
import { checkAgents, checkRipgrep } from "../../src/cli/doctor/checks/opencode.ts";
import { tryStateDir } from "../../src/cli/doctor/checks/stateDirs.ts";
import { makeFacts } from "../../src/cli/doctor/facts/facts.ts";
import { hostFindings } from "../../src/cli/doctor/facts/hostFindings.ts";
import { findProgram } from "../../src/cli/doctor/facts/opencodeProgram.ts";
import type { GateProbe } from "../../src/cli/doctor/gateProbe.ts";
import { makeReport, mends } from "../../src/cli/doctor/report.ts";
import { runChecks } from "../../src/cli/doctor/runChecks.ts";
import { say } from "../../src/cli/messages/catalogue.ts";
import { doctorEn } from "../../src/cli/messages/doctorEn.ts";
import { doctorKo } from "../../src/cli/messages/doctorKo.ts";
import { readConfig } from "../../src/config/read.ts";
import { supportsOpencode } from "../../src/core/hostVersion.ts";
import { cli, makeWorld, put, recordIo, tree } from "./io.ts";

const inEnglish: CheckContext["say"] = (key, parameters) => say("en", key, parameters);

function context(signal?: AbortSignal): CheckContext {
  const { io } = recordIo(signal ? { signal } : {});
  return { io, facts: makeFacts(io, {}), say: inEnglish };
}

const silent = { began: () => undefined, ended: () => undefined };
const check = (name: CheckName, run: Check["run"], more: Partial<Check> = {}): Check => ({
  name,
  group: "machine",
  run,
  ...more,
});
const brief = (rows: readonly CheckRow[]) => rows.map(({ name, status }) => `${name} ${status}`);

describe("running checks", () => {
  it("runs those side by side that do not need each other, and gives rows in the list's order", async () => {
    const both = deferred();
    let met = 0;
    const meet = async () => {
      met += 1;
      if (met === 2) both.resolve();
      await both.promise;
      return ok("met");
    };
    const rows = await runChecks([check("node", meet), check("git", meet)], context(), silent);
    expect(brief(rows)).toEqual(["node ok", "git ok"]);
  });

  it("leaves out what lacks something, and names the root of it", async () => {
    const ran: string[] = [];
    const list = [
      check("git", () => ({ status: "fail", seen: "none", mend: "git init" })),
      check("git-state", () => ok(""), { needs: ["git"] }),
      check("swarm-log", () => ok(""), { needs: ["git-state"] }),
      check("disk", () => warn("little", "make room")),
      check("sandbox", () => ok("fine"), { needs: ["disk"] }),
    ];
    const rows = await runChecks(list, context(), { began: ({ name }) => ran.push(name), ended: () => undefined });
    expect(brief(rows)).toEqual(["git fail", "git-state skip", "swarm-log skip", "disk warn", "sandbox ok"]);
    expect(rows.slice(1, 3).map(({ seen }) => seen)).toEqual(Array(2).fill("not looked at: it needs git"));
    expect(ran.sort()).toEqual(["disk", "git", "sandbox"]);
  });

  it("makes a failed check of one that throws, at once or later, and of one that takes too long", async () => {
    let signalled: AbortSignal | undefined;
    const list = [
      check("node", () => {
        throw new Error("at once");
      }),
      check("git", async () => Promise.reject(new Error("later", { cause: new Error("the root") }))),
      check(
        "disk",
        (_, signal) => {
          signalled = signal;
          return new Promise(() => undefined);
        },
        { limitMs: 20 },
      ),
      check("gpu", () => ok("fine")),
    ];
    const rows = await runChecks(list, context(), silent);
    expect(brief(rows)).toEqual(["node fail", "git fail", "disk fail", "gpu ok"]);
    expect(rows[0]?.seen).toBe("the check itself failed: at once");
    expect(rows[1]?.seen).toBe("the check itself failed: later ← the root");
    expect(rows[2]?.seen).toBe("did not end within 0.02 s");
    expect(signalled?.aborted).toBe(true);
    for (const row of rows.slice(0, 3)) expect(row.mend).toBeTruthy();
  });

  it("ends with the person's Ctrl-C", async () => {
    const stop = new AbortController();
    const list = [
      check(
        "node",
        (_, signal) =>
          new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("cut")))),
      ),
    ];
    const running = runChecks(list, context(stop.signal), silent);
    stop.abort();
    await expect(running).rejects.toThrow("aborted");
  });

  it("refuses a list whose order can never work", async () => {
    const list = [check("git-state", () => ok(""), { needs: ["git"] }), check("git", () => ok(""))];
    await expect(runChecks(list, context(), silent)).rejects.toThrow(/git-state needs git/);
    await expect(runChecks(allChecks.slice(0, 0), context(), silent)).resolves.toEqual([]);
  });
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
  const gate = new EventTarget();
  const promise = new Promise<void>((done) => gate.addEventListener("open", () => done(), { once: true }));
  return { promise, resolve: () => gate.dispatchEvent(new Event("open")) };
}

describe("the list", () => {
  it("has every check that has a title, once, each after those it needs", () => {
    const names = allChecks.map(({ name }) => name);
    const titled = Object.keys(doctorEn).flatMap((key) => (key.startsWith("doctor.title.") ? [key.slice(13)] : []));
    expect([...names].sort()).toEqual(titled.sort());
    for (const [index, { name, needs = [] }] of allChecks.entries())
      for (const need of needs) expect(names.indexOf(need), `${name} needs ${need}`).toBeLessThan(index);
    expect(allChecks.slice(0, names.indexOf("mini-swarm") + 1).every(({ name, run }) => name && run)).toBe(true);
  });

  it("has every parameter of an English text in the Korean one", () => {
    const parameters = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
    for (const [key, text] of Object.entries(doctorEn))
      expect(parameters(doctorKo[key as keyof typeof doctorKo]), key).toEqual(parameters(text));
  });

  it("is explained in docs/troubleshooting.md, check by check, with the commands of its mends", () => {
    const page = readFileSync(new URL("../../docs/troubleshooting.md", import.meta.url), "utf8");
    const sections = new Map(
      page
        .split(/^### /m)
        .slice(1)
        .map((section) => [/^`([\w-]+)`/.exec(section)?.[1] ?? section.slice(0, 20), section]),
    );
    expect([...sections.keys()]).toEqual(allChecks.map(({ name }) => name));
    for (const { name } of allChecks) {
      const section = sections.get(name) ?? "";
      expect(section.length, name).toBeGreaterThan(120);
      const camel = name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
      const mine = Object.entries(doctorEn).filter(
        ([key]) => key === `doctor.mend.${camel}` || key.startsWith(`doctor.mend.${camel}.`),
      );
      for (const [key, mend] of mine) {
        for (const [, code = ""] of mend.matchAll(/`([^`{}]+)`/g)) expect(section, `${key}: ${code}`).toContain(code);
      }
    }
  });
});

describe("the report", () => {
  const row = (name: CheckName, status: CheckRow["status"], mend?: string): CheckRow => ({
    name,
    title: name,
    group: name === "git" ? "project" : "machine",
    status,
    seen: `seen ${name}`,
    ms: 1,
    ...(mend === undefined ? {} : { mend }),
  });

  it("writes rows in order, whatever ends first, under their headings", () => {
    const { io, out } = recordIo();
    const order = [check("node", () => ok("")), check("disk", () => ok("")), check("git", () => ok(""))];
    const report = makeReport(io, order, io.stdout);
    report.ended(row("git", "ok"));
    expect(out()).toBe("");
    report.ended(row("node", "ok"));
    report.ended(row("disk", "warn", "x"));
    report.close();
    expect(
      out()
        .split("\n")
        .map((line) => line.trim().split(/\s+/).slice(0, 2).join(" ")),
    ).toEqual(["This machine", "ok node", "warn disk", "", "This project", "ok git", ""]);
  });

  it("gathers mends, worst first, each once", () => {
    const { io } = recordIo();
    const rows = [
      row("disk", "warn", "make room"),
      row("git", "fail", "install"),
      row("agents", "fail", "install"),
      row("node", "ok"),
    ];
    expect(mends(io, rows)).toBe("\nWhat to do\n  1. git, agents: install\n  2. disk: make room\n");
    expect(mends(io, [row("node", "ok")])).toBe("");
  });
});

describe("single checks", () => {
  it("know the oldest Node and OpenCode", () => {
    const nodes = ["v20.18.3", "v20.19.0", "v21.0.0", "v24.1.0", "v18.20.0"];
    expect(nodes.map(nodeIsNewEnough)).toEqual([false, true, true, true, false]);
    expect(["1.17.9", "1.18.0", "1.30.2", "2.0.0", ""].map(supportsOpencode)).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
  });

  it("find a program only where it can be run", () => {
    const { dir } = makeWorld();
    put(join(dir, "bin/opencode"), "");
    expect(findProgram("opencode", [join(dir, "bin"), "", "/nowhere"])).toBeUndefined();
    expect(findProgram("sh", ["/nowhere", "/bin"])).toBe("/bin/sh");
  });

  it("leave no trace in a state directory", () => {
    const { dir } = makeWorld();
    expect(tryStateDir(inEnglish, join(dir, "a/b")).status).toBe("ok");
    put(join(dir, "kept/.aegis/x"), "x");
    expect(tryStateDir(inEnglish, join(dir, "kept/.aegis")).status).toBe("ok");
    expect(tree(dir)).toEqual({ "kept/.aegis/x": "x" });
    put(join(dir, "file"), "");
    expect(tryStateDir(inEnglish, join(dir, "file/b"))).toMatchObject({
      status: "fail",
      mend: expect.stringContaining("file"),
    });
  });

  it("name every provider that leads outside", () => {
    const provider = (baseURL: string) => ({ options: { baseURL } });
    const config = {
      provider: {
        aegis: provider("http://127.0.0.1:8001/v1"),
        lan: provider("http://gpu.lan:8001/v1"),
        out: provider("https://api.example.com"),
        odd: provider("no url"),
        hosted: {},
      },
    };
    const entries = (allowed: string[]) => foreignProviders(config, allowed).map(({ entry }) => entry);
    expect(entries(["gpu.lan"])).toEqual(["provider.out", "provider.odd"]);
    expect(entries(["gpu.lan:8001", "api.example.com"])).toEqual(["provider.odd"]);
  });

  it("judge OpenCode's configuration as the plugin does, with the roles' model and every agent's", () => {
    const { dir, project } = makeWorld();
    put(join(project, ".opencode/tool/x.ts"), "");
    const read = readConfig({
      projectDir: project,
      env: {},
      home: dir,
      readFile: () => undefined,
      pluginOptions: { model: "aegis/m" },
    });
    if (!read.ok) throw new Error("the configuration is unsound");
    const judge = (more: Record<string, unknown>) =>
      hostFindings(
        {
          model: "aegis/m",
          small_model: "aegis/m",
          share: "disabled",
          provider: { aegis: { options: { baseURL: "http://127.0.0.1:8001/v1" } } },
          plugin: [`file://${project}/node_modules/oh-my-qwencoder/dist/plugin.js`],
          ...more,
        },
        { config: read, projectDir: project, openedIn: project, allowHosts: ["docs.lan"] },
      ).map(({ fault, entry }) => `${fault} ${entry}`);
    const brought = `repository-code ${join(".opencode", "tool", "x.ts")}`;
    expect(judge({})).toEqual([brought]);
    expect(judge({ provider: {} })).toContain("hosted-model agent.worker.model");
    expect(judge({ agent: { plan: { model: "openai/y" } } })).toContain("hosted-model agent.plan.model");
    expect(judge({ model: undefined })).toContain("no-model model");
    expect(judge({ mcp: { a: { url: "https://docs.lan/x" }, b: { url: "https://x.example.com" } } })).toEqual([
      "foreign-host mcp.b.url",
      brought,
    ]);
    expect(judge({ share: "manual", formatter: true, lsp: {} })).toEqual([
      "share share",
      "program formatter",
      "program lsp",
      brought,
    ]);
  });

  it("compare the agents that OpenCode has with the roles', and tell each end of the gate's probe", async () => {
    const { project, env } = makeWorld();
    const { io } = recordIo({ cwd: project, env });
    const found = async (check: Check, known: Parameters<typeof makeFacts>[2]) =>
      await check.run({ io, say: inEnglish, facts: makeFacts(io, {}, known) }, io.signal);
    const served = (...agents: string[]) => ({
      served: async () => ({ tools: [], agents, providers: [], startMs: 1 }),
    });
    expect((await found(checkAgents, served("build", "commander", "worker", "scout", "librarian"))).status).toBe("ok");
    expect(await found(checkAgents, served("build", "commander"))).toMatchObject({
      status: "fail",
      seen: expect.stringContaining("worker, scout, librarian"),
      mend: expect.stringMatching(/./),
    });
    const gate = async (probe: GateProbe | undefined) => await found(checkGate, { gate: async () => probe });
    expect((await gate({ kind: "stands" })).status).toBe("ok");
    expect((await gate(undefined)).status).toBe("skip");
    const faults: GateProbe[] = [
      { kind: "passed" },
      { kind: "other", answer: "something else" },
      { kind: "not-asked", reason: "no answer" },
    ];
    for (const fault of faults)
      expect(await gate(fault)).toMatchObject({ status: "fail", mend: expect.stringMatching(/./) });
    expect((await gate({ kind: "other", answer: "something else" })).seen).toContain("something else");
  });

  it("find ripgrep on the PATH or where OpenCode keeps it", async () => {
    const { dir } = makeWorld();
    const run = (env: Record<string, string>) => {
      const { io } = recordIo({ cwd: dir, env: { HOME: dir, ...env } });
      return checkRipgrep.run({ io, facts: makeFacts(io, {}), say: inEnglish }, io.signal);
    };
    const none = { PATH: join(dir, "bin") };
    expect(await run(none)).toMatchObject({ status: "warn", mend: expect.stringContaining("ripgrep") });
    const make = (file: string) => chmodSync(put(join(dir, file), "#!/bin/sh\n"), 0o755);
    make(".cache/opencode/bin/rg");
    expect(await run(none)).toMatchObject({ status: "ok", seen: join(dir, ".cache/opencode/bin/rg") });
    expect(await run({ ...none, XDG_CACHE_HOME: join(dir, "elsewhere") })).toMatchObject({ status: "warn" });
    make("bin/rg");
    expect(await run(none)).toMatchObject({ status: "ok", seen: join(dir, "bin/rg") });
  });
});

describe("the command", () => {
  it("says where there is no OpenCode and no repository, goes on, and is one JSON object", async () => {
    const { dir, env } = makeWorld();
    const result = await cli(["doctor", "--json", "--opencode", "/nowhere"], { cwd: dir, env });
    const { ok: good, checks } = JSON.parse(result.out) as { ok: boolean; checks: CheckRow[] };
    expect([result.code, good]).toEqual([1, false]);
    const failed = checks.filter(({ status }) => status === "fail").map(({ name }) => name);
    expect(failed.filter((name) => name !== "sandbox")).toEqual(["git", "opencode"]);
    expect(checks.map(({ name }) => name)).toEqual(allChecks.filter(({ deep }) => !deep).map(({ name }) => name));
    for (const row of checks)
      expect([row.status, Boolean(row.mend)]).toEqual([row.status, /fail|warn/.test(row.status)]);
  });
});
