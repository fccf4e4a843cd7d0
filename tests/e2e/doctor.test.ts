import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { allChecks } from "../../src/cli/doctor/all.ts";
import type { CheckName } from "../../src/cli/doctor/check.ts";
import type { Facts } from "../../src/cli/doctor/facts/facts.ts";
import { identify } from "../../vllm/server/serverRecord.ts";
import { put } from "../cli/io.ts";
import { DoctorWorld, FaultyServer, findings, MODEL } from "./doctorWorld.ts";
import { packageDir } from "./world.ts";

// A healthy run starts OpenCode several times over, which a busy machine makes slow.
vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 });

let server: FaultyServer;
let world: DoctorWorld;
let healthy: Facts;

beforeAll(async () => {
  server = await FaultyServer.start();
  world = await DoctorWorld.make(server.baseUrl);
  healthy = world.facts();
});
afterAll(async () => {
  world?.remove();
  await server?.close();
});

/** What OpenCode is and has, looked up for real by the first test, for faults that lie elsewhere. */
const opencodeIsFine = () => {
  const { opencode, merged, elsewhere, served, gate } = healthy;
  return { opencode, merged, elsewhere, served, gate };
};

/** The same for another world with the same install: its configuration is looked up, its own base URL is in it. */
const opencodeElsewhere = () => {
  const { opencode, elsewhere, served, gate } = healthy;
  return { opencode, elsewhere, served, gate };
};

const error = (response: ServerResponse, status: number, message: string): true => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ error: { message, type: "BadRequestError", param: null, code: status } }));
  return true;
};

describe("the doctor on a machine where all is well", () => {
  it("finds nothing, with real OpenCode, git and bubblewrap, as one JSON object", async () => {
    const seen = await world.doctor(opencodeIsFine());
    expect(findings(seen.rows)).toEqual({});
    expect(seen.code).toBe(0);
    const { ok, checks } = JSON.parse(seen.out);
    expect([ok, checks.length]).toEqual([true, seen.rows.length]);
    const skipped = seen.rows.filter(({ status }) => status === "skip").map(({ name }) => name);
    // No GPU, no vLLM of one's own, no Redis in this world; anything else must have been looked at.
    expect(["gpu", "vllm-flags", "server-record", "redis"]).toEqual(expect.arrayContaining(skipped));
  });

  it("leaves the project and the home as they were", async () => {
    const status = await execa("git", ["status", "--porcelain", "--ignored"], { cwd: world.project });
    expect(status.stdout).toBe("");
  });

  it("takes the long checks, whose figures are data", async () => {
    const { rows } = await world.doctor(opencodeIsFine(), {}, { deep: true });
    expect(findings(rows)).toEqual({});
    const of = (name: string) => rows.find((row) => row.name === name);
    expect(of("long-context")?.data).toMatchObject({ tokens: expect.any(Number) });
    expect(Number(of("long-context")?.data?.tokens)).toBeGreaterThan(100_000);
    expect(of("swarm-load")?.data).toMatchObject({ sessions: 17, preemptions: 0 });
    expect(of("mini-swarm")?.status).toBe("ok");
  }, 600_000);
});

interface Case {
  name: CheckName;
  status: "fail" | "warn";
  /** Part of what it must have seen. */
  seen?: RegExp;
  env?: Record<string, string>;
  break: () => void | Promise<void>;
}

/** Checks whose fault is played in a table or in a test of its own below. */
const faulty = new Set<CheckName>(["base-url", "bind", "git", "elsewhere"]);
const played = (cases: readonly Case[]) => {
  for (const { name } of cases) faulty.add(name);
};
/** Those whose fault this machine has not, and what is tried in its place. */
const UNPLAYED: Partial<Record<CheckName, string>> = {
  node: "the rule, on versions (tests/cli/doctor.test.ts)",
  disk: "no disk is filled for it",
  "state-user": "the probe itself (tests/cli/doctor.test.ts)",
  ripgrep: "the look-up (tests/cli/doctor.test.ts)",
  agents: "on what a server could serve (tests/cli/doctor.test.ts)",
  gate: "on each end of the probe (tests/cli/doctor.test.ts); the probe itself: gateProbe.test.ts",
  "long-context": "that it passes, above",
  "swarm-load": "that it passes, above",
  "mini-swarm": "that it passes, above",
};

/** Undone after each test. */
const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step();
  server.fault = undefined;
  server.metrics = undefined;
});

/** Writes a file of the project, and takes it away afterwards. */
const inProject = (file: string, text: string): string => {
  const path = put(join(world.project, file), text);
  undo.push(() =>
    rmSync(join(world.project, file.split("/")[0] === ".git" ? file : (file.split("/")[0] ?? file)), {
      recursive: true,
      force: true,
    }),
  );
  return path;
};
const program = async (name: string, script: string) => {
  undo.push(() => rmSync(join(world.dir, "bin", name), { force: true }));
  await world.program(name, script);
};
const completion = (url: string) => url.endsWith("/chat/completions");

describe("a fault of the model server is found by the check that is meant for it, and by no other", () => {
  const cases: (Case & { title: string })[] = [
    {
      title: "nothing that serves models",
      name: "base-url",
      status: "fail",
      break: () => {
        server.fault = (_, response) => error(response, 404, "not found");
      },
    },
    {
      title: "a key is wanted",
      name: "api-key",
      status: "fail",
      seen: /401/,
      break: () => {
        server.fault = ({ url }, response) => url.startsWith("/v1") && error(response, 401, "Unauthorized");
      },
    },
    {
      title: "another model",
      name: "model",
      status: "fail",
      seen: /served: other/,
      break: () => {
        server.fault = ({ url }, response) => {
          if (url !== "/v1/models") return false;
          response.setHeader("content-type", "application/json");
          response.end(
            JSON.stringify({ object: "list", data: [{ id: "other", object: "model", max_model_len: 131_072 }] }),
          );
          return true;
        };
      },
    },
    {
      title: "a smaller context",
      name: "context",
      status: "fail",
      seen: /131072.*65536/,
      break: () => {
        server.fault = ({ url }, response) => {
          if (url !== "/v1/models") return false;
          response.setHeader("content-type", "application/json");
          response.end(
            JSON.stringify({ object: "list", data: [{ id: MODEL, object: "model", max_model_len: 65_536 }] }),
          );
          return true;
        };
      },
    },
    {
      title: "an engine that is dead",
      name: "completion",
      status: "fail",
      seen: /EngineDeadError/,
      break: () => {
        server.fault = ({ url }, response) => completion(url) && error(response, 500, "EngineDeadError");
      },
    },
    {
      title: "no automatic tool choice",
      name: "tool-choice",
      status: "fail",
      seen: /enable-auto-tool-choice/,
      break: () => {
        const words = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set';
        server.fault = ({ url, body }, response) =>
          completion(url) && body.includes('"tools"') && error(response, 400, words);
      },
    },
    {
      title: "the wrong tool parser",
      name: "tool-call",
      status: "fail",
      break: () => {
        server.fault = ({ url, body }, response) => {
          if (!completion(url) || !body.includes('"tools"')) return false;
          const delta = { content: "<tool_call>\n<function=aegis_probe>\n<parameter=word>ping</parameter>" };
          response.setHeader("content-type", "text/event-stream");
          response.write(`data: ${JSON.stringify({ id: "x", choices: [{ index: 0, delta }] })}\n\n`);
          response.end("data: [DONE]\n\n");
          return true;
        };
      },
    },
    {
      title: "a template that knows no tool results",
      name: "chat-template",
      status: "fail",
      break: () => {
        const words = "Conversation roles must alternate user/assistant";
        server.fault = ({ url, body }, response) =>
          completion(url) && body.includes('"role":"tool"') && error(response, 400, words);
      },
    },
    {
      title: "a queue limit",
      name: "concurrency",
      status: "fail",
      seen: /5 of 9/,
      break: () => {
        server.fault = ({ url, body }, response) =>
          completion(url) && /"Say [4-8]\."/.test(body) && error(response, 503, "queue is full");
      },
    },
    {
      title: "a proxy without /metrics",
      name: "metrics",
      status: "warn",
      break: () => {
        server.fault = ({ url }, response) => url === "/metrics" && error(response, 404, "not found");
      },
    },
    {
      title: "prefix caching off",
      name: "prefix-caching",
      status: "fail",
      break: () => {
        server.metrics = (text) => text.replace(/enable_prefix_caching="True"/i, 'enable_prefix_caching="False"');
      },
    },
    {
      title: "a small KV cache",
      name: "capacity",
      status: "warn",
      seen: /15\.6 sessions/,
      break: () => {
        server.metrics = (text) => text.replace(/kv_cache_max_concurrency="[^"]*"/, 'kv_cache_max_concurrency="15.6"');
      },
    },
  ];
  played(cases);
  it.each(cases)("$title: $name", async ({ name, status, seen, env, break: breakIt }) => {
    await breakIt();
    const { rows, code } = await world.doctor(opencodeIsFine(), env);
    expect(findings(rows)).toEqual({ [name]: status });
    const row = rows.find((one) => one.name === name);
    expect(row?.mend).toBeTruthy();
    if (seen) expect(row?.seen).toMatch(seen);
    expect(code).toBe(status === "fail" ? 1 : 0);
  });

  it("no server at all: base-url, which names the refusal", async () => {
    const gone = await FaultyServer.start();
    const there = await DoctorWorld.make(gone.baseUrl);
    try {
      await gone.close();
      const { rows } = await there.doctor(opencodeElsewhere());
      expect(findings(rows)).toEqual({ "base-url": "fail" });
      expect(rows.find(({ name }) => name === "base-url")?.seen).toMatch(/ECONNREFUSED/);
    } finally {
      there.remove();
    }
  });

  it("open to everybody without a key: bind", async () => {
    const open = await FaultyServer.start("0.0.0.0");
    const there = await DoctorWorld.make(open.baseUrl);
    try {
      expect(findings((await there.doctor(opencodeElsewhere())).rows)).toEqual({
        bind: "fail",
      });
    } finally {
      there.remove();
      await open.close();
    }
  });
});

describe("a fault of machine or project is found by the check that is meant for it, and by no other", () => {
  const cases: (Case & { title: string })[] = [
    {
      title: "a bwrap that confines nothing",
      name: "sandbox",
      status: "fail",
      seen: /scope.*network/,
      // Takes its arguments as bubblewrap does and runs what stands behind `--` as it is.
      break: () =>
        program(
          "bwrap",
          '[ "$1" = --version ] && { echo "bubblewrap 0.8.0"; exit 0; }\nwhile [ "$1" != -- ]; do shift; done; shift; exec "$@"',
        ),
    },
    {
      title: "a bwrap that may not make namespaces",
      name: "sandbox",
      status: "fail",
      seen: /uid map/,
      break: () =>
        program(
          "bwrap",
          '[ "$1" = --version ] && { echo "bubblewrap 0.8.0"; exit 0; }\necho "bwrap: setting up uid map: Permission denied" >&2; exit 1',
        ),
    },
    {
      title: "the sandbox switched off",
      name: "sandbox",
      status: "warn",
      env: { OMQ_SWARM_SANDBOX: "off" },
      break: () => undefined,
    },
    {
      title: "a driver that does not fit",
      name: "gpu",
      status: "fail",
      seen: /mismatch/,
      break: () => program("nvidia-smi", 'echo "Failed to initialize NVML: Driver/library version mismatch"; exit 18'),
    },
    {
      title: "a merge half done",
      name: "git-state",
      status: "fail",
      seen: /MERGE_HEAD/,
      break: () => void inProject(".git/MERGE_HEAD", "0".repeat(40)),
    },
    {
      title: "a lock that nobody holds",
      name: "git-state",
      status: "fail",
      seen: /index\.lock/,
      break: () => utimesSync(inProject(".git/index.lock", ""), 1, 1),
    },
    {
      title: "a file where the state directory goes",
      name: "state-project",
      status: "fail",
      break: () => void inProject(".aegis", ""),
    },
    {
      title: "a key of the repository that may not weaken",
      name: "config",
      status: "warn",
      seen: /aegis\.jsonc:1:\d+: swarm\.sandbox/,
      break: () => void inProject("aegis.jsonc", '{"swarm": {"sandbox": "off"}}'),
    },
    {
      title: "a log that was cut up",
      name: "swarm-log",
      status: "fail",
      seen: /events\.jsonl/,
      break: () => void inProject(".aegis/swarms/s-20260101-120000-abcd/events.jsonl", "{not json}\n"),
    },
    {
      title: "a lease of a process that is gone",
      name: "lease",
      status: "warn",
      break: () =>
        void inProject(
          ".aegis/lease.json",
          JSON.stringify({ token: "t", pid: 2_147_483_646, started: "1", since: "2026-01-01T00:00:00Z" }),
        ),
    },
    {
      title: "strange files in the inbox",
      name: "inbox",
      status: "warn",
      break: () => void inProject(".aegis/inbox/1-x.json.rejected", "?"),
    },
    {
      title: "Redis wanted and not there",
      name: "redis",
      status: "fail",
      env: { OMQ_JOBS_ENGINE: "bullmq", REDIS_URL: "redis://127.0.0.1:9" },
      break: () => undefined,
    },
    {
      title: "a line of vllm/aegis.env that is none",
      name: "aegis-env",
      status: "fail",
      seen: /aegis\.env:2/,
      break: () => void inProject("vllm/aegis.env", "AEGIS_BATCH=16\nnot a line\n"),
    },
    {
      title: "a flag the installed vLLM does not know",
      name: "vllm-flags",
      status: "warn",
      seen: /--no-such-flag/,
      env: { AEGIS_EXTRA: "--no-such-flag" },
      break: () => program("vllm", "echo 0.33.0"),
    },
    {
      title: "a context that the running server's recipe has not, though the default one has",
      name: "vllm-flags",
      status: "fail",
      seen: /131072/,
      env: { AEGIS_CTX: "131072" },
      break: async () => {
        await program("vllm", "echo 0.33.0");
        const file = join(world.home, ".local/state/oh-my-qwencoder/vllm/8124.json");
        const server = await identify(process.pid);
        const place = { host: "127.0.0.1", port: 8124, servedName: "m", log: "/nowhere.log" };
        put(file, JSON.stringify({ server, supervisor: null, recipe: "tiny", ...place }));
        undo.push(() => rmSync(file));
      },
    },
    {
      title: "a server that ended by itself",
      name: "server-record",
      status: "warn",
      seen: /8123/,
      break: () => {
        const file = join(world.home, ".local/state/oh-my-qwencoder/vllm/8123.json");
        const record = {
          server: { pid: 2_147_483_646, started: "1" },
          supervisor: null,
          host: "127.0.0.1",
          port: 8123,
          servedName: "m",
          log: "/nowhere.log",
        };
        put(file, JSON.stringify(record));
        undo.push(() => rmSync(file));
      },
    },
  ];
  played(cases);
  it.each(cases)("$title: $name", async ({ name, status, seen, env, break: breakIt }) => {
    await breakIt();
    const { rows } = await world.doctor(opencodeIsFine(), env);
    expect(findings(rows)).toEqual({ [name]: status });
    const row = rows.find((one) => one.name === name);
    if (seen) expect(row?.seen).toMatch(seen);
  });

  it("no repository: git", async () => {
    const { io } = world.io();
    const { runChecks } = await import("../../src/cli/doctor/runChecks.ts");
    const { checkGit } = await import("../../src/cli/doctor/checks/git.ts");
    const { makeFacts } = await import("../../src/cli/doctor/facts/facts.ts");
    const outside = { ...io, cwd: world.dir };
    const context = { io: outside, facts: makeFacts(outside, {}), say: (key: string) => key };
    const rows = await runChecks([checkGit], context, { began: () => undefined, ended: () => undefined });
    expect(findings(rows)).toEqual({ git: "fail" });
  });
});

describe("a fault of OpenCode or its configuration, seen by real OpenCode", () => {
  const configFile = () => join(world.home, ".config/opencode/opencode.json");
  /** Changes the user's OpenCode configuration, and puts it back afterwards. */
  const change = (edit: (config: Record<string, unknown>) => void) => {
    const before = readFileSync(configFile(), "utf8");
    undo.push(() => writeFileSync(configFile(), before));
    const config = JSON.parse(before) as Record<string, unknown>;
    edit(config);
    writeFileSync(configFile(), JSON.stringify(config));
  };
  const provider = (baseURL: string) => ({ npm: "@ai-sdk/openai-compatible", options: { baseURL }, models: { m: {} } });
  /** What the fault does not touch keeps its healthy fact; each real look costs seconds. */
  const kept = (...names: ("opencode" | "elsewhere" | "served" | "gate")[]) =>
    Object.fromEntries(names.map((name) => [name, healthy[name]]));

  const cases: (Case & {
    title: string;
    keep: ("opencode" | "elsewhere" | "served" | "gate")[];
    also?: Record<string, string>;
  })[] = [
    {
      title: "a program that does not run",
      name: "opencode",
      status: "fail",
      keep: [],
      break: () => program("opencode", "exit 3"),
    },
    {
      title: "a version that is too old",
      name: "opencode",
      status: "fail",
      seen: /1\.17\.2/,
      keep: [],
      break: () => program("opencode", "echo 1.17.2"),
    },
    {
      title: "a configuration that does not parse",
      name: "opencode-config",
      status: "fail",
      seen: /opencode\.json:2:\d+/,
      keep: ["opencode", "elsewhere", "served", "gate"],
      break: () => void inProject("opencode.json", '{\n  "model" "x"\n}'),
    },
    {
      title: "the plugin taken out",
      name: "plugin-entry",
      status: "fail",
      keep: ["opencode", "elsewhere", "served", "gate"],
      break: () => change((config) => delete config.plugin),
    },
    {
      title: "two copies of the plugin",
      name: "plugin-entry",
      status: "fail",
      seen: /another\/dist\/plugin\.js/,
      keep: ["opencode", "elsewhere", "served", "gate"],
      break: () => change((config) => (config.plugin as unknown[]).push("file:///another/dist/plugin.js")),
    },
    {
      title: "a bundle that OpenCode drops",
      name: "plugin-loads",
      status: "fail",
      seen: /not-there/,
      keep: ["opencode", "elsewhere", "gate"],
      break: () => {
        const broken = put(join(world.dir, "broken/dist/plugin.js"), 'import "not-there";\nexport default {};\n');
        change((config) => {
          config.plugin = [pathToFileURL(broken).href];
        });
      },
    },
    {
      title: "a person's own commander",
      name: "agent-names",
      status: "fail",
      seen: /commander/,
      keep: ["opencode", "elsewhere", "served", "gate"],
      break: () => void inProject(".opencode/agent/commander.md", "---\nmode: primary\n---\nMine.\n"),
    },
    {
      title: "a provider outside",
      name: "nothing-leaves",
      status: "fail",
      seen: /provider\.out → api\.example\.com/,
      keep: ["opencode", "elsewhere", "served", "gate"],
      break: () =>
        change((config) => {
          config.provider = { ...Object(config.provider), out: provider("https://api.example.com/v1") };
        }),
    },
    {
      title: "every provider allowed",
      name: "providers",
      status: "warn",
      seen: /opencode/,
      keep: ["opencode", "elsewhere", "gate"],
      break: () => change((config) => delete config.enabled_providers),
    },
    {
      title: "a hosted small model",
      name: "default-model",
      status: "fail",
      seen: /small_model names opencode\/big-pickle/,
      keep: ["opencode", "elsewhere", "served", "gate"],
      break: () =>
        change((config) => {
          config.small_model = "opencode/big-pickle";
        }),
    },
    {
      title: "an MCP server outside",
      name: "nothing-leaves",
      status: "fail",
      seen: /mcp\.tickets\.url → mcp\.example\.com/,
      keep: ["opencode", "elsewhere", "served", "gate"],
      break: () =>
        change((config) => {
          config.mcp = { tickets: { type: "remote", url: "https://mcp.example.com/sse" } };
        }),
    },
    {
      title: "a formatter, and a tool of the repository",
      name: "past-gates",
      status: "fail",
      seen: /formatter starts programs.*\.opencode.tool.x\.ts comes with the repository/,
      keep: ["opencode", "elsewhere", "served", "gate"],
      break: () => {
        inProject(".opencode/tool/x.ts", 'export default { description: "x", args: {}, execute: async () => "x" };\n');
        change((config) => {
          config.formatter = true;
        });
      },
    },
    {
      title: "sharing allowed",
      name: "share",
      status: "fail",
      seen: /share: manual/,
      keep: ["opencode", "elsewhere", "served", "gate"],
      break: () =>
        change((config) => {
          config.share = "manual";
        }),
    },
    {
      title: "updates by itself",
      name: "autoupdate",
      status: "warn",
      keep: ["opencode", "elsewhere", "served", "gate"],
      break: () => change((config) => delete config.autoupdate),
    },
    {
      title: "a configuration directory without the package",
      name: "offline-start",
      status: "warn",
      keep: ["opencode", "elsewhere", "served", "gate"],
      break: () => {
        const file = join(world.home, ".config/opencode/package.json");
        const before = readFileSync(file, "utf8");
        rmSync(file);
        undo.push(() => writeFileSync(file, before));
      },
    },
  ];
  played(cases);
  it.each(cases)("$title: $name", async ({ name, status, seen, keep, also, break: breakIt }) => {
    await breakIt();
    const { rows } = await world.doctor(kept(...keep));
    expect(findings(rows)).toEqual({ [name]: status, ...also });
    if (seen) expect(rows.find((one) => one.name === name)?.seen).toMatch(seen);
  });

  it("installed in the project alone: every other directory is unsafe, and only that is said", async () => {
    const there = await DoctorWorld.make(server.baseUrl, "project");
    try {
      const { rows } = await there.doctor({ opencode: healthy.opencode, served: healthy.served, gate: healthy.gate });
      expect(findings(rows)).toMatchObject({ elsewhere: "warn" });
      expect(Object.values(findings(rows))).not.toContain("fail");
    } finally {
      there.remove();
    }
  });

  it("has the built plugin it speaks of", () => {
    expect(existsSync(join(packageDir, "dist/plugin.js"))).toBe(true);
  });
});

describe("the list of checks", () => {
  it("has a fault for each that only that one finds, or says why not", () => {
    const unplayed = allChecks.map(({ name }) => name).filter((name) => !faulty.has(name));
    expect(unplayed.sort()).toEqual(Object.keys(UNPLAYED).sort());
  });
});

describe("the report", () => {
  it("is Korean where the person is", async () => {
    server.fault = ({ url }, response) => url === "/metrics" && error(response, 404, "not found");
    const { err } = await world.doctor(opencodeIsFine(), {}, { lang: "ko" });
    expect(err).toMatch(/모델 서버/);
    expect(err).toMatch(/할 일\n {2}1\. metrics: .*통하게 하세요/);
  });
});
