import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { flagTableFor, knowsFlag } from "../../../vllm/flags/flagTable.ts";
import { flagValue, type ServeOverrides } from "../../../vllm/recipes/argv.ts";
import { recipes } from "../../../vllm/recipes/recipe.ts";
import { fillTemplate, TemplateMismatch } from "../../../vllm/topology/fillTemplate.ts";
import { PINS, renderTopology, TOPOLOGIES, type Topology } from "../../../vllm/topology/topology.ts";
import { put } from "../../cli/io.ts";
import { overridesOf, recipe } from "../recipes/recipeOverrides.ts";

const templateOf = (topology: Topology): string =>
  readFileSync(new URL(`../../../templates/serving/${TOPOLOGIES[topology]}`, import.meta.url), "utf8");

const DEFAULT = "qwen3-coder-next-fp8-h200";

const render = (topology: Topology, served = recipe(DEFAULT), servers = 3, more: Partial<ServeOverrides> = {}) =>
  renderTopology({
    topology,
    template: templateOf(topology),
    recipe: served,
    settings: overridesOf(served, more),
    servers,
    gpus: undefined,
    plan: "a plan",
  });

/** What of the Compose specification the file uses; a key outside of it fails. */
const composeSchema = z.strictObject({
  name: z.string(),
  services: z.record(
    z.string(),
    z.strictObject({
      image: z.string(),
      command: z.array(z.string()),
      environment: z.record(z.string(), z.string()),
      volumes: z.array(z.string()).optional(),
      networks: z.strictObject({ default: z.strictObject({ aliases: z.array(z.string()) }) }).optional(),
      ports: z.array(z.string()).optional(),
      ipc: z.literal("host").optional(),
      restart: z.literal("unless-stopped"),
      stop_grace_period: z.string().optional(),
      depends_on: z.record(z.string(), z.strictObject({ condition: z.literal("service_healthy") })).optional(),
      deploy: z
        .strictObject({
          resources: z.strictObject({
            reservations: z.strictObject({
              devices: z.array(
                z.strictObject({
                  driver: z.literal("nvidia"),
                  device_ids: z.array(z.string()),
                  capabilities: z.tuple([z.literal("gpu")]),
                }),
              ),
            }),
          }),
        })
        .optional(),
      healthcheck: z
        .strictObject({
          test: z.array(z.string()),
          interval: z.string(),
          timeout: z.string(),
          retries: z.number(),
          start_period: z.string(),
        })
        .optional(),
    }),
  ),
});

/**
 * Names and types that helm/values.schema.json and the templates of vllm-project/production-stack have for what the file
 * sets (read there; `enableTool` and others are left unset).
 */
const valuesSchema = z.strictObject({
  servingEngineSpec: z.strictObject({
    enableEngine: z.boolean(),
    runtimeClassName: z.string(),
    vllmApiKey: z.strictObject({ secretName: z.string(), secretKey: z.string() }),
    startupProbe: z.strictObject({
      initialDelaySeconds: z.int(),
      periodSeconds: z.int(),
      failureThreshold: z.int(),
      httpGet: z.strictObject({ path: z.string(), port: z.int() }),
    }),
    modelSpec: z.array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9-]+$/),
        repository: z.string(),
        tag: z.string(),
        modelURL: z.string(),
        replicaCount: z.int(),
        requestCPU: z.int(),
        requestMemory: z.string().regex(/^\d+Gi$/),
        requestGPU: z.int(),
        pvcStorage: z.string().regex(/^\d+Gi$/),
        pvcAccessMode: z.array(z.string()),
        shmSize: z.string(),
        vllmConfig: z.strictObject({
          enablePrefixCaching: z.literal(true),
          enableChunkedPrefill: z.boolean(),
          maxModelLen: z.int(),
          maxNumSeqs: z.int(),
          gpuMemoryUtilization: z.number(),
          tensorParallelSize: z.int(),
          extraArgs: z.array(z.string()),
        }),
      }),
    ),
  }),
  routerSpec: z.strictObject({
    enableRouter: z.boolean(),
    repository: z.string(),
    tag: z.string(),
    replicaCount: z.literal(1),
    serviceType: z.enum(["ClusterIP", "NodePort", "LoadBalancer"]),
    containerPort: z.int(),
    servicePort: z.int(),
    serviceDiscovery: z.enum(["k8s", "static"]),
    routingLogic: z.enum(["roundrobin", "session", "kvaware", "prefixaware", "disaggregated_prefill", "priority"]),
    sessionKey: z.string(),
  }),
});

/** The router's own test of a backend's address (utils.validate_url): a name needs a dot, or it is passed over. */
const routerTakes = (url: string): boolean =>
  /^https?:\/\/(([a-zA-Z0-9_-]+\.)+[a-zA-Z]{2,}|localhost|\d{1,3}(\.\d{1,3}){3})(:\d+)?(\/.*)?$/.test(url);

const table = flagTableFor(PINS.vllm.tag.slice(1));
const onGpu = recipes().filter((recipe) => recipe.gpu !== null);

describe("docker compose", () => {
  it.each(onGpu)("$id: keys of the specification, flags of the pinned vLLM, each server its GPUs", (recipe) => {
    const { services } = composeSchema.parse(parse(render("compose", recipe).content));
    expect(Object.keys(services)).toEqual(["vllm-0", "vllm-1", "vllm-2", "router"]);
    expect(table.exact).toBe(true);
    const taken: string[] = [];
    for (const name of ["vllm-0", "vllm-1", "vllm-2"]) {
      const service = services[name];
      const words = service?.command ?? [];
      expect(words[0]).toBe(recipe.model);
      expect(words.filter((word) => word.startsWith("--") && !knowsFlag(table.table, word))).toEqual([]);
      expect(words).not.toContain("--disable-log-requests");
      expect([flagValue(words, "--max-num-seqs"), flagValue(words, "--max-model-len")]).toEqual([
        String(recipe.maxNumSeqs),
        String(recipe.context),
      ]);
      // Open to the other containers, so there is a key or nothing starts.
      expect(service?.environment.VLLM_API_KEY).toBe("${AEGIS_API_KEY:?set AEGIS_API_KEY}");
      taken.push(...(service?.deploy?.resources.reservations.devices[0]?.device_ids ?? []));
    }
    expect(taken).toEqual(Array.from({ length: 3 * recipe.tensorParallel }, (_, index) => String(index)));
  });

  it("pins its images, hashes the session header, and gives the router names it takes", () => {
    const { services } = composeSchema.parse(parse(render("compose").content));
    for (const service of Object.values(services))
      expect(service.image).toMatch(/:v\d+\.\d+\.\d+(@sha256:[0-9a-f]{64})?$/);
    const words = services.router?.command ?? [];
    expect([flagValue(words, "--routing-logic"), flagValue(words, "--session-key")]).toEqual([
      "session",
      "x-session-affinity",
    ]);
    const backends = (flagValue(words, "--static-backends") ?? "").split(",");
    const models = (flagValue(words, "--static-models") ?? "").split(",");
    expect([backends.length, backends.every(routerTakes), models.length]).toEqual([3, true, 3]);
    expect(routerTakes("http://vllm-0:8000")).toBe(false);
    const aliases = ["vllm-0", "vllm-1", "vllm-2"].flatMap((name) => services[name]?.networks?.default.aliases ?? []);
    expect(backends).toEqual(aliases.map((alias) => `http://${alias}:8000`));
    expect(services.router?.ports).toEqual(["127.0.0.1:8001:8001"]);
    expect(Object.keys(services.router?.depends_on ?? {})).toEqual(["vllm-0", "vllm-1", "vllm-2"]);
  });

  it("keeps odd words as they are: compose reads $ and YAML reads quotes", () => {
    const odd = `a "b" 'c' $HOME: #d\n- e`;
    const { services } = composeSchema.parse(
      parse(render("compose", recipe(DEFAULT), 1, { extra: ["--seed", odd] }).content),
    );
    const words = services["vllm-0"]?.command ?? [];
    // Compose makes one $ of two.
    expect(flagValue(words, "--seed")?.replaceAll("$$", "$")).toBe(odd);
  });
});

describe("values of production-stack's chart", () => {
  it.each(onGpu)("$id: names and types of the chart, every flag once", (recipe) => {
    const values = valuesSchema.parse(parse(render("kubernetes", recipe).content));
    const [model] = values.servingEngineSpec.modelSpec;
    expect(model).toMatchObject({
      modelURL: recipe.model,
      replicaCount: 3,
      requestGPU: recipe.tensorParallel,
      vllmConfig: {
        maxModelLen: recipe.context,
        maxNumSeqs: recipe.maxNumSeqs,
        gpuMemoryUtilization: recipe.utilization,
        tensorParallelSize: recipe.tensorParallel,
      },
    });
    const words = model?.vllmConfig.extraArgs ?? [];
    // What the chart's template writes by itself may not come twice.
    for (const flag of [
      "--host",
      "--port",
      "--max-model-len",
      "--max-num-seqs",
      "--tensor-parallel-size",
      "--enable-prefix-caching",
    ])
      expect(words).not.toContain(flag);
    expect(words.filter((word) => word.startsWith("--") && !knowsFlag(table.table, word))).toEqual([]);
    expect(flagValue(words, "--served-model-name")).toBe(recipe.servedName);
    expect(flagValue(words, "--tool-call-parser")).toBe("qwen3_coder");
    expect(values.routerSpec).toMatchObject({ routingLogic: "session", sessionKey: "x-session-affinity" });
  });
});

/** Runs a rendered script with programs in its PATH that write down what they were asked. */
async function runScript(
  topology: Topology,
  servers: number,
  env: Record<string, string>,
  more: Partial<ServeOverrides> = {},
) {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "omq-topology-")));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const log = join(dir, "log");
  writeFileSync(log, "");
  for (const name of ["oh-my-qwencoder", "docker"]) {
    const program = put(
      join(dir, "bin", name),
      `#!/bin/sh\n{ echo "${name}"; env | grep '^AEGIS_\\|^VLLM_' | sort; for word in "$@"; do echo "> $word"; done; echo; } >> '${log}'\n`,
    );
    chmodSync(program, 0o755);
  }
  const { name, content, executable } = render(topology, recipe(DEFAULT), servers, more);
  const script = put(join(dir, name), content);
  const { exitCode, stderr } = await execa("sh", [script], {
    env: { PATH: `${join(dir, "bin")}:${process.env.PATH ?? ""}`, ...env },
    extendEnv: false,
    reject: false,
  });
  const calls = readFileSync(log, "utf8")
    .trim()
    .split("\n\n")
    .map((call) => call.split("\n"));
  return { exitCode, stderr, executable, calls };
}

describe("scripts", () => {
  it("data-parallel starts one server with its replicas and GPUs", async () => {
    const { exitCode, executable, calls } = await runScript("data-parallel", 2, {});
    expect([exitCode, executable, calls.length]).toEqual([0, true, 1]);
    expect(calls[0]).toEqual(
      expect.arrayContaining(["AEGIS_GPU=0,1", "AEGIS_PORT=8001", "AEGIS_BATCH=16", "AEGIS_KV_DTYPE=fp8"]),
    );
    expect(calls[0]?.slice(-3)).toEqual(["> --", "> --data-parallel-size", "> 2"]);
  });

  it("router starts N servers, then the router over them; without a key it does nothing", async () => {
    const { exitCode, calls } = await runScript("router", 2, { AEGIS_API_KEY: "k" });
    expect([exitCode, calls.map((call) => call[0])]).toEqual([0, ["oh-my-qwencoder", "oh-my-qwencoder", "docker"]]);
    expect(calls[0]).toEqual(
      expect.arrayContaining(["AEGIS_GPU=0", "AEGIS_PORT=8002", "AEGIS_HOST=127.0.0.1", "AEGIS_API_KEY=k"]),
    );
    expect(calls[1]).toEqual(expect.arrayContaining(["AEGIS_GPU=1", "AEGIS_PORT=8003"]));
    const words = (calls[2] ?? []).filter((line) => line.startsWith("> ")).map((line) => line.slice(2));
    expect(calls[2]).toContain("VLLM_API_KEY=k");
    expect([
      flagValue(words, "--static-backends"),
      flagValue(words, "--session-key"),
      flagValue(words, "--port"),
    ]).toEqual(["http://127.0.0.1:8002,http://127.0.0.1:8003", "x-session-affinity", "8001"]);
    expect(words.join(" ")).not.toContain("AEGIS_API_KEY=");
    const without = await runScript("router", 2, {});
    expect([without.exitCode, without.calls]).toEqual([2, [[""]]]);
    expect(without.stderr).toContain("set AEGIS_API_KEY");
  });

  it("takes names from a project's file as words, whatever they hold", async () => {
    const evil = `x'; exit 7; echo "$(exit 8)" \`exit 9\` $HOME`;
    const { exitCode, calls } = await runScript("router", 1, { AEGIS_API_KEY: "k" }, { servedName: evil, model: evil });
    expect(exitCode).toBe(0);
    expect(calls[0]).toContain(`AEGIS_SERVED_NAME=${evil}`);
    expect(calls[1]).toContain(`> ${evil}`);
  });
});

describe("templates", () => {
  it("have no blanks and no names nobody knows", () => {
    expect(fillTemplate("a {{x}}\n{{#each}}\n{{x}} {{y}}\n{{/each}}\n", { x: 1 }, [{ y: 2 }, { x: 3, y: 4 }])).toBe(
      "a 1\n1 2\n3 4\n",
    );
    expect(() => fillTemplate("{{nobody}}", {}, [])).toThrow(TemplateMismatch);
    expect(() => fillTemplate("{{#each}} on one line {{/each}}", {}, [{}])).toThrow(TemplateMismatch);
  });
});
