import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { askPolicy, ExternalBlocked, UnknownAgent, updateClaudeLimits } from "../src/index.ts";

let home: string;
let projectDir: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "aegis-policy-"));
  projectDir = path.join(home, "project");
  mkdirSync(projectDir);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function configured(config: object): void {
  const dir = path.join(home, ".config", "oh-my-qwencoder");
  mkdirSync(dir, { recursive: true });
  writeFileSync(path.join(dir, "aegis.jsonc"), JSON.stringify(config));
}

const place = () => ({ projectDir, home, env: {} });
const job = (agent: string, more: { failed?: string[] } = {}) =>
  askPolicy({ kind: "job", agent, session: "job-17", ...more }, place());

function logged(): Record<string, unknown>[] {
  const file = path.join(home, ".local/state/oh-my-qwencoder/routing.jsonl");
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("askPolicy", () => {
  it("answers the house's model where nothing is configured", async () => {
    expect(await job("executor")).toMatchObject({
      provider: "local",
      model: "qwen3-coder-next",
      host: { providerID: "aegis", modelID: "qwen3-coder-next" },
      tier: "medium",
      reason: { code: "default" },
    });
  });

  it("goes by the user's configuration and limits, and never answers a provider that failed", async () => {
    configured({ fusionDefault: true, routing: { primary: "claude", external: { enabled: true } } });
    expect(await job("security-reviewer")).toMatchObject({ provider: "claude", reason: { code: "fusion-always" } });
    expect(await job("executor")).toMatchObject({ provider: "openai" });
    const next = await job("executor", { failed: ["openai"] });
    expect(next.provider).not.toBe("openai");
    await updateClaudeLimits(95, 10, 10, { stateDir: path.join(home, ".local/state/oh-my-qwencoder") });
    expect(await job("security-reviewer")).toMatchObject({ provider: "openai", reason: { code: "limit" } });
    expect(logged()).toContainEqual(
      expect.objectContaining({ agent: "security-reviewer", provider: "openai", session: "job-17" }),
    );
  });

  it("stops where the policy would leave the house and nobody allowed it", async () => {
    configured({ routing: { primary: "claude" } });
    await expect(job("executor")).rejects.toThrow(ExternalBlocked);
  });

  it("says what is wrong with a name or a configuration", async () => {
    await expect(job("nobody")).rejects.toThrow(UnknownAgent);
    configured({ threshold: "high" });
    await expect(job("executor")).rejects.toThrow(/aegis\.jsonc.*threshold/su);
  });

  it("takes no other host for the house because a repository says so", async () => {
    writeFileSync(path.join(projectDir, "aegis.jsonc"), JSON.stringify({ model: "openai/gpt-5.2" }));
    expect(await job("executor")).toMatchObject({ provider: "local", host: { providerID: "aegis" } });
  });
});
