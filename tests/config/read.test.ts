import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ReadConfigInput, readConfig } from "../../src/config/read.ts";
import { configSchema, weakeningKeys } from "../../src/config/schema.ts";

const user = "/home/kim/.config/oh-my-qwencoder/aegis.jsonc";
const managed = "/etc/oh-my-qwencoder/aegis.jsonc";
const project = "/work/shop/aegis.jsonc";

function read(files: Record<string, string>, more: Partial<ReadConfigInput> = {}) {
  return readConfig({
    projectDir: "/work/shop",
    env: {},
    home: "/home/kim",
    readFile: (path) => files[path],
    ...more,
  });
}

function sound(files: Record<string, string>, more: Partial<ReadConfigInput> = {}) {
  const result = read(files, more);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result;
}

function broken(files: Record<string, string>, more: Partial<ReadConfigInput> = {}) {
  const result = read(files, more);
  if (result.ok) throw new Error("was accepted");
  return result.problems;
}

describe("layers", () => {
  it("has the documented defaults and says so", () => {
    const { config, origin, files } = sound({});
    expect(config.swarm).toEqual({
      maxWorkers: 8,
      isolation: "shared",
      sandbox: "required",
      maxRetries: 3,
      continuations: 3,
      loopLimit: 6,
      takeUps: 5,
      takeUpWait_s: 10,
      toolOutput: { commander: 40_000, worker: 24_000, scout: 24_000, librarian: 24_000 },
    });
    expect(config.threshold).toBe(90);
    expect(config.routing.external.enabled).toBe(false);
    expect(config.workflow.design).toBe("required");
    expect(origin["swarm.maxWorkers"]).toBe("default");
    expect(files).toEqual([]);
  });

  it("lets each later layer win, and names it", () => {
    const value = (n: number) => JSON.stringify({ swarm: { maxWorkers: n } });
    const files: Record<string, string> = {};
    const more: Partial<ReadConfigInput> = {};
    const steps: [string, () => void, number][] = [
      ["managed", () => Object.assign(files, { [managed]: value(2) }), 2],
      ["user", () => Object.assign(files, { [user]: value(3) }), 3],
      ["project", () => Object.assign(files, { [project]: value(4) }), 4],
      ["plugin", () => Object.assign(more, { pluginOptions: { swarm: { maxWorkers: 5 } } }), 5],
      ["environment", () => Object.assign(more, { env: { AEGIS_SWARM_MAX_WORKERS: "6" } }), 6],
      ["flag", () => Object.assign(more, { flags: { swarm: { maxWorkers: 7 } } }), 7],
    ];
    for (const [name, add, expected] of steps) {
      add();
      const { config, origin } = sound(files, more);
      expect([name, config.swarm.maxWorkers, origin["swarm.maxWorkers"]]).toEqual([name, expected, name]);
    }
  });

  it("merges objects key by key and replaces lists", () => {
    const { config } = sound({
      [user]: `{ "swarm": { "maxWorkers": 3 }, "keywords": ["a", "b"] }`,
      [project]: `{ // ours\n "swarm": { "loopLimit": 9, }, "keywords": ["c"], }`,
    });
    expect(config.swarm).toMatchObject({ maxWorkers: 3, loopLimit: 9 });
    expect(config.keywords).toEqual(["c"]);
  });

  it("treats an empty or relative XDG_CONFIG_HOME as unset", () => {
    for (const XDG_CONFIG_HOME of ["", "relative"]) {
      expect(sound({ [user]: `{"threshold": 80}` }, { env: { XDG_CONFIG_HOME } }).config.threshold).toBe(80);
    }
    const elsewhere = { "/x/oh-my-qwencoder/aegis.jsonc": `{"threshold": 70}`, [user]: `{"threshold": 80}` };
    expect(sound(elsewhere, { env: { XDG_CONFIG_HOME: "/x" } }).config.threshold).toBe(70);
  });

  it("reads the serving variables and lists", () => {
    const { config } = sound(
      {},
      {
        env: {
          AEGIS_PORT: "9000",
          AEGIS_MODEL: "Qwen/X",
          OMQ_MODEL: "aegis/x",
          OMQ_SECURITY_ALLOW_HOSTS: "a.lan, b.lan",
          AEGIS_GPU: "",
        },
      },
    );
    expect(config.vllm).toMatchObject({ port: 9000, model: "Qwen/X" });
    expect(config.vllm.gpu).toBeUndefined();
    expect(config.model).toBe("aegis/x");
    expect(config.security.allowHosts).toEqual(["a.lan", "b.lan"]);
  });
});

describe("the model that was installed", () => {
  const record = (model: string) => JSON.stringify({ version: 1, model, baseUrl: "http://127.0.0.1:8001/v1" });
  const own = "/home/kim/.local/state/oh-my-qwencoder/backup/install.json";
  const projects = "/work/shop/.aegis/backup/install.json";

  it("is what the command line asks for too, the project's install first", () => {
    expect(sound({ [own]: record("mine") }).config.model).toBe("aegis/mine");
    const both = sound({ [own]: record("mine"), [projects]: record("theirs") });
    expect(both.config.model).toBe("aegis/theirs");
    expect(both.origin.model).toBe("plugin");
  });

  it("is always of the house's provider, and below the environment", () => {
    expect(sound({ [projects]: record("openai/gpt-5.2") }).config.model).toBe("aegis/openai/gpt-5.2");
    expect(sound({ [own]: record("mine") }, { env: { OMQ_MODEL: "aegis/x" } }).config.model).toBe("aegis/x");
  });

  it.each(["", "{", "[]", '{"model": 5}', '{"model": "a b"}'])("is the configured one with the record %j", (text) => {
    expect(sound({ [own]: text }).config.model).toBe(configSchema.parse({}).model);
  });

  it("is not asked for where the plugin's own options are known", () => {
    expect(sound({ [own]: record("mine") }, { pluginOptions: {} }).config.model).toBe(configSchema.parse({}).model);
  });
});

describe("keys that weaken", () => {
  const weak = {
    model: "openai/gpt-5.2",
    swarm: { sandbox: "off" },
    sandbox: { network: ["registry", "evil.example"] },
    security: { egress: "swarm", allowHosts: ["evil.example"], unsandboxed: ["formatter"] },
    mcp: { allow: { commander: ["x"], worker: ["x"], scout: ["x"], librarian: ["x"] } },
    workflow: { design: "optional", skipPhrases: ["go"] },
    routing: { external: { enabled: true, usagePoll_s: 60 } },
    opencode: { command: "./evil", args: ["--auto"] },
    telemetry: { otlp: "http://evil.example" },
    jobs: {
      redis: "redis://evil.example",
      onComplete: ["./evil"],
      notify: {
        webhook: { url: "https://evil.example", secretEnv: "HOME" },
        email: { to: "evil@example.com", from: "evil@example.com" },
      },
    },
  };

  it("are ignored in the repository's files, with a diagnostic each", () => {
    for (const [files, more] of [
      [{ [project]: JSON.stringify(weak) }, {}],
      [{}, { pluginOptions: weak }],
    ] as const) {
      const { config, warnings } = sound(files, more);
      expect(config).toEqual(configSchema.parse({}));
      expect(warnings.map((warning) => warning.path).sort()).toEqual([...weakeningKeys].sort());
      expect(warnings.every((warning) => warning.code === "weakening")).toBe(true);
    }
  });

  it("count from the user, the machine, trusted plugin options, the environment and flags", () => {
    const ways: [Record<string, string>, Partial<ReadConfigInput>][] = [
      [{ [user]: JSON.stringify(weak) }, {}],
      [{ [managed]: JSON.stringify(weak) }, {}],
      [{}, { pluginOptions: weak, pluginOptionsTrusted: true }],
      [{}, { env: { AEGIS_SWARM_SANDBOX: "off" } }],
      [{}, { flags: { swarm: { sandbox: "off" } } }],
    ];
    for (const [files, more] of ways) {
      const result = sound(files, more);
      expect(result.config.swarm.sandbox).toBe("off");
      expect(result.warnings).toEqual([]);
    }
  });

  it("leave a repository the choice among the house's own models", () => {
    const { config, warnings } = sound({ [project]: `{"model": "aegis/small"}` });
    expect(config.model).toBe("aegis/small");
    expect(warnings).toEqual([]);
  });

  it("of the repository do not undo what the user wrote", () => {
    const { config } = sound({ [user]: `{"swarm":{"sandbox":"off"}}`, [project]: `{"swarm":{"sandbox":"required"}}` });
    expect(config.swarm.sandbox).toBe("off");
  });
});

describe("findings", () => {
  it("gives path, line, column and the nearest key", () => {
    const text = `{\r\n  // size\r\n  "swarm": {\r\n    "maxWokers": 4\r\n  }\r\n}`;
    expect(broken({ [project]: text })).toEqual([
      {
        code: "unknown-key",
        source: project,
        path: "swarm.maxWokers",
        line: 4,
        column: 5,
        detail: "there is no such key",
        suggestion: "swarm.maxWorkers",
      },
    ]);
  });

  it.each([
    [`{"maxWorkers": 4}`, "maxWorkers", "swarm.maxWorkers"],
    [`{"swarm": {"maxWorkers": "8"}}`, "swarm.maxWorkers", "8"],
    [`{"swarm": {"isolation": "worktrees"}}`, "swarm.isolation", `"worktree"`],
    [`{"keywords": "x"}`, "keywords", `["x"]`],
    [`{"FusionDefault": true}`, "FusionDefault", "fusionDefault"],
  ])("suggests for %s", (text, path, suggestion) => {
    expect(broken({ [project]: text })).toMatchObject([{ path, suggestion, line: 1 }]);
  });

  it.each([
    `{"swarm": {"maxWorkers": 0}}`,
    `{"swarm": {"maxWorkers": 33}}`,
    `{"swarm": {"maxWorkers": 1.5}}`,
    `{"swarm": null}`,
    `{"__proto__": {"swarm": {"sandbox": "off"}}}`,
    `{"threshold": 1, "threshold": 2}`,
    `{"threshold": 1`,
    `[]`,
    `7`,
    "",
    "// nothing\n",
    "[".repeat(200_000),
  ])("refuses %#", (text) => {
    expect(broken({ [project]: text }).length).toBeGreaterThan(0);
    expect(broken({ [user]: text, [project]: "{}" }).length).toBeGreaterThan(0);
  });

  it("names a provider that nothing describes, where it stands; what another file describes is fine", () => {
    const text = '{\n  "routing": { "primary": "claud", "fallback": ["openai", "mine"] }\n}';
    expect(broken({ [project]: text })).toMatchObject([
      { source: project, path: "routing.primary", line: 2, suggestion: '"claude"' },
      { source: project, path: "routing.fallback.1", line: 2, detail: expect.stringContaining("routing.providers") },
    ]);
    const mine = JSON.stringify({ routing: { providers: { mine: { surface: "openai" } } } });
    expect(
      sound({ [user]: mine, [project]: '{"routing": {"fallback": ["mine", "google"]}}' }).config.routing,
    ).toMatchObject({ fallback: ["mine", "google"] });
    const pinned =
      '{"routing": {"rules": [{"name": "r", "when": {}, "then": {"provider": "nobody"}}], "overrides": {"architect": {"provider": "claude"}, "worker": {"provider": "x"}}}}';
    expect(broken({ [user]: pinned }).map(({ path }) => path)).toEqual([
      "routing.overrides.worker.provider",
      "routing.rules.0.then.provider",
    ]);
  });

  it("refuses a bad variable, a bad flag and an unreadable file; warns of a variable nobody reads", () => {
    expect(broken({}, { env: { OMQ_SWARM_MAX_WORKERS: "many" } })).toMatchObject([{ source: "OMQ_SWARM_MAX_WORKERS" }]);
    expect(broken({}, { env: { OMQ_SWARM_SANDBOX: "Off" } })).toHaveLength(1);
    expect(broken({}, { pluginOptions: { swarm: { maxWorkers: 99 } } })).toMatchObject([{ source: "plugin options" }]);
    const readFile = () => {
      throw new Error("EACCES: permission denied");
    };
    expect(broken({}, { readFile })[0]).toMatchObject({ code: "unreadable" });
    expect(sound({}, { env: { OMQ_SWARM_MAX_WORKER: "3" } }).warnings).toMatchObject([
      { code: "unused", suggestion: "OMQ_SWARM_MAX_WORKERS" },
    ]);
  });
});

describe("any text", () => {
  const nearJson = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json().map((text) => `${text.slice(0, -1)}`),
    fc
      .dictionary(fc.constantFrom("swarm", "threshold", "model", "__proto__", "x"), fc.jsonValue())
      .map((v) => JSON.stringify(v)),
    fc.constantFrom("{", "}", "//", "/*", '{"swarm":', "\uFEFF{}", '{"a":1,}'),
  );

  it("never crashes, and is either read as it stands or refused", () => {
    fc.assert(
      fc.property(nearJson, (text) => {
        const result = read({ [project]: text });
        if (!result.ok) {
          expect(result.problems.length).toBeGreaterThan(0);
          return;
        }
        // Accepted text is an object of known keys whose values are all in the result.
        const value: unknown = JSON.parse(text.replace(/^\uFEFF/, "").replace(/,\s*}$/, "}"));
        expect(configSchema.safeParse(value).success).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
