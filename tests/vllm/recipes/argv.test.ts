import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gpus, memoryOverhead } from "../../../vllm/capacity/gpus.ts";
import { modelShape } from "../../../vllm/capacity/modelShape.ts";
import { planCapacity } from "../../../vllm/capacity/plan.ts";
import { flagName, flagTableFor, flagTables, knowsFlag } from "../../../vllm/flags/flagTable.ts";
import { argvFor, flagValue } from "../../../vllm/recipes/argv.ts";
import { DEFAULT_RECIPE, modelConfig, recipes } from "../../../vllm/recipes/recipe.ts";
import { overridesOf, recipe } from "./recipeOverrides.ts";

const main = recipe(DEFAULT_RECIPE);
const versions = flagTables().map((table) => table.version);

describe("recipes", () => {
  it("are data: Coder-Next in FP8 and 4 bits on H200, H100 and RTX PRO 6000, on one and two, and a tiny one", () => {
    const kinds = recipes().map((one) => `${one.gpu} ${one.tensorParallel} ${/4bit/.test(one.id) ? 4 : 8}`);
    expect(kinds).toEqual(
      expect.arrayContaining([
        "h200 1 8",
        "h200 2 8",
        "h100 2 8",
        "rtx-pro-6000 1 8",
        "h200 1 4",
        "h100 1 4",
        "rtx-pro-6000 1 4",
      ]),
    );
    expect(new Set(recipes().map((one) => one.id)).size).toBe(recipes().length);
  });

  it.each(recipes().filter((one) => one.gpu !== null))("$id: one session of its context fits its GPU", (one) => {
    const gpu = gpus().find((known) => known.id === one.gpu);
    const plan = planCapacity({
      shape: modelShape(modelConfig(one.modelConfig)),
      ...one,
      weightsFrom: one.weightsSource,
      gpu,
      util: one.utilization,
      overheadGib: memoryOverhead().gib,
      poolGib: undefined,
      workers: undefined,
    });
    expect(plan.fits).toBe(true);
  });
});

describe("argvFor", () => {
  it.each(recipes().flatMap((one) => versions.map((version) => [one.id, version] as const)))(
    "%s on vLLM %s: only flags that version knows, caching and a sequence limit always",
    (id, version) => {
      const { argv } = argvFor(recipe(id), version, overridesOf(recipe(id)));
      const { table } = flagTableFor(version);
      expect(argv.filter((word) => word.startsWith("--") && !knowsFlag(table, word))).toEqual([]);
      expect(argv).toContain("--enable-prefix-caching");
      expect(argv).not.toContain("--speculative-config");
      expect(flagValue(argv, "--max-num-seqs")).toBe(String(recipe(id).maxNumSeqs));
    },
  );

  it("lets a hybrid find prefixes inside its large blocks, where the version can", () => {
    const unit = (version: string, one = main) =>
      flagValue(argvFor(one, version, overridesOf(one)).argv, "--prefix-match-unit");
    expect([unit("0.33.0"), unit("0.28.0"), unit("0.24.0")]).toEqual(["16", "16", undefined]);
    expect(unit("0.33.0", recipe("tiny"))).toBeUndefined();
    const own = argvFor(main, "0.33.0", overridesOf(main, { extra: ["--prefix-match-unit", "32"] })).argv;
    expect(own.filter((word) => word === "--prefix-match-unit")).toHaveLength(1);
    expect(flagValue(own, "--prefix-match-unit")).toBe("32");
  });

  it("names what an older version does not know", () => {
    expect(argvFor(main, "0.33.0", overridesOf(main)).notices).toEqual([]);
    expect(flagValue(argvFor(main, "0.33.0", overridesOf(main)).argv, "--tool-call-parser")).toBe("qwen3_coder");
    const old = argvFor(main, "0.16.0", overridesOf(main));
    expect(old.notices).toEqual([{ code: "flagUnknown", values: { flag: "--shutdown-timeout", version: "0.16.0" } }]);
    expect(old.argv).not.toContain("--shutdown-timeout");
    expect(old.argv).not.toContain("30");
  });

  it("never passes --disable-log-requests, in any spelling, to any version", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...versions, undefined, "0.99.1", "0.1.0"),
        fc.array(
          fc.constantFrom(
            "--disable-log-requests",
            "--disable_log_requests",
            "--disable-log-requests=true",
            "--seed",
            "1",
          ),
        ),
        (version, extra) => {
          const { argv } = argvFor(main, version, overridesOf(main, { extra }));
          expect(argv.map(flagName)).not.toContain("--disable-log-requests");
        },
      ),
    );
  });

  it("lets an extra flag replace ours, keeps its values, and warns of speculation and of a key in sight", () => {
    const extra = [
      "--max_num_seqs=3",
      "--no-enable-prefix-caching",
      "--speculative-config",
      "{}",
      "--api-key",
      "k",
      "--seed",
      "-1",
    ];
    const { argv, notices } = argvFor(main, undefined, overridesOf(main, { extra }));
    expect(argv.filter((word) => flagName(word) === "--max-num-seqs")).toEqual(["--max_num_seqs=3"]);
    expect(argv).not.toContain("--enable-prefix-caching");
    expect(flagValue(argv, "--seed")).toBe("-1");
    expect(notices.map((one) => one.code)).toEqual(["speculative", "keyInArguments"]);
  });

  it("goes by the newest table that is not newer, and says so", () => {
    expect(flagTableFor("0.25.1").table.version).toBe("0.24.0");
    expect(flagTableFor("0.9.0").table.version).toBe("0.16.0");
    expect(flagTableFor(undefined).table.version).toBe("0.33.0");
    expect(argvFor(main, "0.25.1", overridesOf(main)).notices).toEqual([
      { code: "versionNear", values: { version: "0.25.1", table: "0.24.0" } },
    ]);
    const moved = argvFor(main, "0.28.0", overridesOf(main, { extra: ["--kv-cache-memory=4G"] }));
    expect(flagValue(moved.argv, "--kv-cache-memory-bytes")).toBe("4G");
  });
});
