import { readFileSync } from "node:fs";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { envFileText, needsNoCatalogue } from "../../../src/cli/install/envFile.ts";
import type { InstallScope } from "../../../src/cli/install/places.ts";

const template = readFileSync(new URL("../../../templates/install/env.sh", import.meta.url), "utf8");
const text = (scope: InstallScope, baseUrl = "http://10.0.0.5:8001/v1", enabledProviders: string[] = ["aegis"]) =>
  envFileText({
    ...{ template, path: ".aegis/env.sh", scope, baseUrl, enabledProviders, modelsFile: undefined },
    screenFile: scope === "managed" ? "/etc/oh my/tui.json" : undefined,
  });

/** Sources the file in a plain shell and gives back the environment. */
async function sourced(file: string, env: Record<string, string> = {}): Promise<Record<string, string>> {
  const path = { PATH: process.env.PATH ?? "" };
  const ran = await execa("sh", ["-c", `eval "$FILE"; exec env -0`], {
    env: { ...path, ...env, FILE: file },
    extendEnv: false,
  });
  return Object.fromEntries(
    ran.stdout
      .split("\0")
      .filter((line) => line.includes("="))
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

describe("env.sh", () => {
  test("keeps the model server off a proxy and leaves what the person had", async () => {
    const env = await sourced(text("global"), { NO_PROXY: "intranet" });
    expect(env.NO_PROXY).toBe("127.0.0.1,localhost,::1,10.0.0.5,intranet");
    expect(env.no_proxy).toBe("127.0.0.1,localhost,::1,10.0.0.5");
    expect(env.OPENCODE_DISABLE_MODELS_FETCH).toBe("1");
    expect(env.OPENCODE_CONFIG_CONTENT).toBeUndefined();
  });

  test("names a machine's screen, unless the person names one", async () => {
    expect((await sourced(text("managed"))).OPENCODE_TUI_CONFIG).toBe("/etc/oh my/tui.json");
    expect((await sourced(text("managed"), { OPENCODE_TUI_CONFIG: "/mine" })).OPENCODE_TUI_CONFIG).toBe("/mine");
    expect((await sourced(text("global"))).OPENCODE_TUI_CONFIG).toBeUndefined();
  });

  test("a project's closes the default model in every directory, and keeps content the person had", async () => {
    const quote = text("project", undefined, ["aegis", "it's"]);
    const closed = { enabled_providers: ["aegis", "it's"], share: "disabled" };
    expect(JSON.parse((await sourced(quote)).OPENCODE_CONFIG_CONTENT ?? "")).toEqual(closed);
    expect((await sourced(quote, { OPENCODE_CONFIG_CONTENT: "{}" })).OPENCODE_CONFIG_CONTENT).toBe("{}");
    expect(text("managed")).not.toContain("OPENCODE_CONFIG_CONTENT");
  });

  test("names the empty catalogue where there is one, whatever its path holds", async () => {
    const modelsFile = "/home/o'brien/$(id)/models.json";
    const input = { template, path: "env.sh", scope: "global", baseUrl: "http://10.0.0.5:8001/v1" } as const;
    const env = await sourced(
      envFileText({ ...input, enabledProviders: ["aegis"], modelsFile, screenFile: undefined }),
    );
    expect(env.OPENCODE_MODELS_PATH).toBe(modelsFile);
    expect((await sourced(text("global"))).OPENCODE_MODELS_PATH).toBeUndefined();
  });

  test("the catalogue is done without only where no other provider is enabled", () => {
    expect(needsNoCatalogue(["aegis"])).toBe(true);
    expect(needsNoCatalogue(["aegis", "anthropic"])).toBe(false);
    // None named: OpenCode enables whatever it has a key for.
    expect(needsNoCatalogue([])).toBe(false);
  });

  test.each(["http://$(touch${IFS}x)/v1", "http://`id`/v1", "http://a;id/v1"])(
    "a host that a shell would run is left out: %s",
    async (baseUrl) => {
      if (!URL.canParse(baseUrl)) return;
      expect((await sourced(text("project", baseUrl))).NO_PROXY).toBe("127.0.0.1,localhost,::1");
    },
  );
});
