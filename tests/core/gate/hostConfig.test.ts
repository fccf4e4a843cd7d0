import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type HostConfigPolicy, judgeHostConfig } from "../../../src/core/gate/hostConfig.ts";

const policy: HostConfigPolicy = {
  allowHosts: ["gpu.corp:8001"],
  egressAll: false,
  unsandboxed: [],
  agents: { commander: "commander", worker: "worker", scout: "scout", librarian: "librarian" },
  projectUrl: "file:///home/p/project",
  ownUrl: "file:///opt/omq/dist/plugin.js",
};
const installed = {
  model: "aegis/qwen",
  small_model: "aegis/qwen",
  enabled_providers: ["aegis"],
  share: "disabled",
  provider: {
    aegis: { options: { baseURL: "http://gpu.corp:8001/v1" }, models: { qwen: {} } },
    hosted: { models: { big: {} } },
    away: { options: { baseURL: "https://api.example.com/v1" }, models: { m: {} } },
  },
  agent: { commander: {}, worker: {}, scout: {}, librarian: {} },
  plugin: [["file:///opt/omq/dist/plugin.js", {}], "file:///home/p/.config/opencode/plugin/mine.js", "some-package@1"],
  instructions: ["docs/rules.md"],
};
const entries = (more: object, change: Partial<HostConfigPolicy> = {}) =>
  judgeHostConfig({ ...installed, ...more }, { ...policy, ...change }).map(({ entry }) => entry);

describe("OpenCode's merged configuration", () => {
  test("as install writes it, a swarm may start", () => {
    expect(judgeHostConfig(installed, policy)).toEqual([]);
  });

  test.each<[string, object, string]>([
    ["a hosted default model", { model: "opencode/big-pickle" }, "model"],
    ["a provider whose host nobody named", { model: "hosted/big" }, "model"],
    ["a foreign host", { model: "away/m" }, "model (away/m)"],
    ["a foreign small model", { small_model: "away/m" }, "small_model (away/m)"],
    ["a role's model", { agent: { worker: { model: "away/m" } } }, "agent.worker.model (away/m)"],
    ["the titles' model", { agent: { title: { model: "opencode/x" } } }, "agent.title.model"],
    ["no model and any provider", { model: undefined, enabled_providers: undefined }, "model"],
    [
      "no small model and a provider nobody configured",
      { small_model: undefined, enabled_providers: ["aegis", "opencode"] },
      "small_model",
    ],
    [
      "a remote MCP server",
      { mcp: { tickets: { type: "remote", url: "https://mcp.example.com/sse" } } },
      "mcp.tickets.url",
    ],
    ["sharing by default", { share: undefined }, "share"],
    ["automatic sharing", { share: "auto" }, "share"],
    ["the old key for it", { autoshare: true }, "share"],
    ["formatters", { formatter: { x: { command: ["sh", "-c", "id"], extensions: [".ts"] } } }, "formatter"],
    ["built-in formatters", { formatter: true }, "formatter"],
    ["language servers", { lsp: true }, "lsp"],
    [
      "the repository's plugin",
      { plugin: ["file:///home/p/project/.opencode/plugin/x.js"] },
      "plugin file:///home/p/project/.opencode/plugin/x.js",
    ],
    ["the same with options", { plugin: [["./x.ts", {}]] }, "plugin ./x.ts"],
    ["remote instructions", { instructions: ["https://example.com/rules.md"] }, "instructions"],
    ["remote skills", { skills: { urls: ["https://example.com/skills/"] } }, "skills.urls"],
  ])("%s is named", (_what, change, entry) => {
    const [finding, ...rest] = judgeHostConfig({ ...installed, ...change }, policy).filter(
      (each) => each.entry === entry,
    );
    expect(finding?.mend, JSON.stringify(entries(change))).toBeTruthy();
    expect(rest).toEqual([]);
  });

  test("what is switched off, on this machine, or on an allowed host passes", () => {
    expect(
      entries({
        mcp: {
          off: { type: "remote", url: "https://mcp.example.com", enabled: false },
          here: { type: "remote", url: "http://127.0.0.1:9000/sse" },
          listed: { type: "remote", url: "http://gpu.corp:8001/mcp" },
          local: { type: "local", command: ["node", "server.js"] },
        },
        formatter: false,
        lsp: false,
        instructions: ["http://gpu.corp:8001/rules.md"],
      }),
    ).toEqual([]);
  });

  test("an agent that is not the swarm's counts only where every session is held", () => {
    const mine = { agent: { reviewer: { model: "away/m" } } };
    expect(entries(mine)).toEqual([]);
    expect(entries(mine, { egressAll: true })).toEqual(["agent.reviewer.model (away/m)"]);
  });

  test("what the person named in their own configuration may run beside a swarm", () => {
    const all = { formatter: true, lsp: {}, plugin: ["./x.ts"] };
    expect(entries(all)).toHaveLength(3);
    expect(entries(all, { unsandboxed: ["formatter", "lsp", "plugin"] })).toEqual([]);
  });

  test("our own bundle may lie in the project, a name that only begins like it may not", () => {
    const projectUrl = "file:///opt/omq";
    expect(entries({}, { projectUrl })).toEqual([]);
    expect(entries({ plugin: ["file:///opt/omq/dist/plugin.js.ts"] }, { projectUrl })).toHaveLength(1);
    expect(entries({ plugin: ["file:///opt/omq2/x.js"] }, { projectUrl })).toEqual([]);
  });

  test("anything else is judged or named, never thrown", () => {
    const keys = [
      "model",
      "small_model",
      "provider",
      "agent",
      "mcp",
      "share",
      "formatter",
      "lsp",
      "plugin",
      "instructions",
      "skills",
      "enabled_providers",
    ];
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => {
        const findings = judgeHostConfig({ ...installed, [key]: value }, policy);
        expect(Array.isArray(findings)).toBe(true);
        // A wrong type is never taken for "nothing there".
        if (typeof value === "number" && key !== "formatter" && key !== "lsp")
          expect(findings.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
    for (const odd of [undefined, null, 5, "x", []]) expect(judgeHostConfig(odd, policy).length).toBeGreaterThan(0);
  });
});
