import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { fusionCommand } from "../../plugin/fusionCommands.ts";
import { configSchema } from "../../src/config/schema.ts";

function person(routing: object = {}) {
  const home = mkdtempSync(path.join(tmpdir(), "aegis-fusion-"));
  const file = path.join(home, ".config/oh-my-qwencoder/aegis.jsonc");
  const bin = path.join(home, "bin");
  mkdirSync(bin);
  writeFileSync(path.join(bin, "codex"), "#!/bin/sh\n");
  chmodSync(path.join(bin, "codex"), 0o755);
  const defaults: boolean[] = [];
  const run = (command: Parameters<typeof fusionCommand>[0]) =>
    fusionCommand(
      command,
      configSchema.parse({ routing }),
      { setDefault: async (on) => void defaults.push(on) },
      {
        env: { PATH: bin, GEMINI_API_KEY: "x" },
        home,
        hosts: () => ["aegis", "openai", "google"],
      },
    );
  return { file, defaults, run, text: () => readFileSync(file, "utf8") };
}

describe("/fusion-default-on and -off", () => {
  it("write the person's own file, keep its comments, and hold at once", async () => {
    const { file, defaults, run, text } = person();
    expect(await run("fusion-default-on")).toContain(`fusionDefault is true in ${file}`);
    expect(JSON.parse(text())).toEqual({ fusionDefault: true });
    writeFileSync(file, '{\n  // mine\n  "fusionDefault": true, // stays\n  "threshold": 80\n}\n');
    await run("fusion-default-off");
    expect(text()).toBe('{\n  // mine\n  "fusionDefault": false, // stays\n  "threshold": 80\n}\n');
    expect(defaults).toEqual([true, false]);
  });

  it("write nothing into a file that is no JSONC", async () => {
    const { file, defaults, run, text } = person();
    await run("fusion-default-on");
    writeFileSync(file, "{ nonsense");
    await expect(run("fusion-default-off")).rejects.toThrow("nothing was written");
    expect([text(), defaults]).toEqual(["{ nonsense", [true]]);
  });
});

describe("/fusion-setup", () => {
  it("says what is there, and writes nothing while nothing outside is allowed", async () => {
    const { run, text } = person();
    const said = await run("fusion-setup");
    expect(said).toContain("openai: codex is installed, OpenCode has it configured");
    expect(said).toContain("gemini: GEMINI_API_KEY is set, OpenCode has it configured");
    expect(said).toContain("claude: nothing found");
    expect(said).toContain("routing.external.enabled is false");
    expect(text).toThrow();
  });

  it("writes tiers and chain of what can be used, and leaves what the person said", async () => {
    const { file, run, text } = person({ external: { enabled: true } });
    await run("fusion-default-on");
    writeFileSync(file, '{ "routing": { "external": { "enabled": true }, "fallback": ["gemini"] } }');
    const said = await run("fusion-setup");
    expect(said).toContain('routing.tiers.medium = ["openai"]');
    expect(JSON.parse(text()).routing).toEqual({
      external: { enabled: true },
      fallback: ["gemini"],
      tiers: { medium: ["openai"], low: ["gemini"] },
    });
    expect(await run("fusion-setup")).toContain("says all of it already");
  });
});
