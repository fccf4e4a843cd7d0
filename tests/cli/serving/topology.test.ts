import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { cli, makeWorld, put } from "../io.ts";

describe("start-vllm --topology", () => {
  it("prints a file with the operator's settings and the plan, or one JSON object", async () => {
    const world = makeWorld();
    const env = { ...world.env, AEGIS_BATCH: "24", AEGIS_CTX: "65536", AEGIS_GPU: "4,5" };
    const argv = ["start-vllm", "--topology", "compose", "--servers", "2"];
    const shown = await cli(argv, { cwd: world.project, env });
    expect([shown.code, shown.err]).toEqual([0, ""]);
    const words: string[] = parse(shown.out).services["vllm-1"].command;
    expect([words[words.indexOf("--max-num-seqs") + 1], words[words.indexOf("--max-model-len") + 1]]).toEqual([
      "24",
      "65536",
    ]);
    expect(parse(shown.out).services["vllm-1"].deploy.resources.reservations.devices[0].device_ids).toEqual(["5"]);
    expect(shown.out).toContain("sessions of 65,536 tokens; 8 Workers have 17, with Librarians 25");
    const json = JSON.parse((await cli([...argv, "--json"], { cwd: world.project, env })).out);
    expect(json).toEqual({ topology: "compose", servers: 2, file: "compose.yaml", content: shown.out, warnings: [] });
  });

  it("writes as many servers as the plan asks for: 30 Workers want three behind a hash", async () => {
    const world = makeWorld();
    const argv = ["start-vllm", "--topology", "kubernetes", "--workers", "30", "--out", "serving"];
    const done = await cli(argv, { cwd: world.project, env: world.env });
    expect(done.code).toBe(0);
    const path = join(world.project, "serving/kubernetes-values.yaml");
    expect(done.out).toContain(path);
    expect(parse(readFileSync(path, "utf8")).servingEngineSpec.modelSpec[0].replicaCount).toBe(3);
    const again = await cli(argv, { cwd: world.project, env: world.env });
    expect([again.code, again.err]).toEqual([1, expect.stringContaining("is there already")]);
    await cli(["start-vllm", "--topology", "router", "--out", "serving"], { cwd: world.project, env: world.env });
    expect(statSync(join(world.project, "serving/router.sh")).mode & 0o111).toBe(0o111);
  });

  it("takes vllm/aegis.env, and refuses bad values, too few GPUs and names it does not know", async () => {
    const world = makeWorld();
    put(join(world.project, "vllm/aegis.env"), "AEGIS_BATCH=12\n");
    const run = (env: Record<string, string>, ...more: string[]) =>
      cli(["start-vllm", "--topology", "router", ...more], { cwd: world.project, env: { ...world.env, ...env } });
    expect((await run({})).out).toContain("AEGIS_BATCH=12");
    expect(await run({ AEGIS_BATCH: "0" })).toMatchObject({ code: 1, err: expect.stringContaining("AEGIS_BATCH") });
    expect(await run({ AEGIS_GPU: "0" }, "--servers", "2")).toMatchObject({
      code: 1,
      err: expect.stringContaining("need 2 GPUs"),
    });
    expect((await run({}, "--servers", "0")).code).toBe(2);
    expect((await cli(["start-vllm", "--topology", "ring"], { cwd: world.project, env: world.env })).code).toBe(2);
  });
});
