import { flagName } from "../flags/flagTable.ts";
import { argvFor, type ServeOverrides } from "../recipes/argv.ts";
import type { Recipe } from "../recipes/recipe.ts";
import type { Notice } from "../server/notice.ts";
import { fillTemplate, type TemplateValues } from "./fillTemplate.ts";

/** Ways to serve with more than one GPU, by the template that says how (templates/serving). */
export const TOPOLOGIES = {
  "data-parallel": "data-parallel.sh",
  router: "router.sh",
  compose: "compose.yaml",
  kubernetes: "kubernetes-values.yaml",
} as const;
export type Topology = keyof typeof TOPOLOGIES;

/**
 * Images and chart that the templates were written for. vLLM: a version with a flag table of its own. Router and chart:
 * production-stack 0.1.12, the newest whose image tag and digest were found published (docs/serving.md).
 */
export const PINS = {
  vllm: { repository: "vllm/vllm-openai", tag: "v0.32.0" },
  router: {
    repository: "lmcache/lmstack-router",
    tag: "v0.1.12",
    digest: "sha256:d8cfaf022f0179ba3f9d2bbcb95c602bd639b700f7a6ac409626758d1a366483",
  },
  chart: "0.1.12",
} as const;

/** Port of a server in its container. */
const INSIDE = 8000;

export interface TopologyInput {
  topology: Topology;
  /** Text of the template. */
  template: string;
  recipe: Recipe;
  settings: ServeOverrides;
  /** Servers, or replicas of one. */
  servers: number;
  /** GPU numbers or ids, at least `servers × tensorParallel`; undefined: counted from 0. */
  gpus: readonly string[] | undefined;
  /** One line that says what the plan says. */
  plan: string;
}

/** A rendered file. */
export interface TopologyFile {
  name: string;
  content: string;
  executable: boolean;
  notices: Notice[];
}

/** Flags the chart has values of its own for, and those it sets itself. */
const chartFlags = new Set([
  "--host",
  "--port",
  "--tensor-parallel-size",
  "--max-model-len",
  "--max-num-seqs",
  "--gpu-memory-utilization",
  "--enable-prefix-caching",
  "--enable-chunked-prefill",
]);

function withoutChartFlags(words: readonly string[]): string[] {
  let dropping = false;
  return words.filter((word) => {
    if (word.startsWith("--")) dropping = chartFlags.has(flagName(word));
    return !dropping;
  });
}

/** Names and numbers may come from a project's file: in a shell script they are words, whatever they hold. */
const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

// JSON is YAML too. Compose and the shell read `$`; a literal one is written twice for compose.
const yamlList = (words: readonly string[]): string => JSON.stringify(words).replaceAll("$", "$$$$");

/** Renders one topology. Throws TemplateMismatch where template and values do not fit. */
export function renderTopology(input: TopologyInput): TopologyFile {
  const { recipe, settings, servers, topology } = input;
  const perServer = recipe.tensorParallel;
  const gpu = (index: number): string => input.gpus?.[index] ?? String(index);
  const gpusOf = (server: number): string[] =>
    Array.from({ length: perServer }, (_, index) => gpu(server * perServer + index));
  const numbers = Array.from({ length: servers }, (_, index) => index);
  const inside = { ...settings, host: "0.0.0.0", port: INSIDE };
  const { argv, notices } = argvFor(recipe, PINS.vllm.tag.slice(1), inside);
  // `serve MODEL`: the image's entry point says `vllm serve`, the chart both.
  const args = argv.slice(1);
  const alias = (server: number): string => `vllm-${server}.aegis.internal`;
  const hostPort = (server: number): number => settings.port + 1 + server;
  const backends = numbers.map((server) =>
    topology === "compose" ? `http://${alias(server)}:${INSIDE}` : `http://127.0.0.1:${hostPort(server)}`,
  );
  const models = numbers.map(() => settings.servedName).join(",");
  const routerImage = `${PINS.router.repository}:${PINS.router.tag}@${PINS.router.digest}`;
  const values: TemplateValues = {
    title: recipe.title,
    plan: input.plan,
    recipe: recipe.id,
    servers,
    port: settings.port,
    context: settings.context,
    batch: settings.maxNumSeqs,
    utilization: settings.utilization,
    gpus: numbers.flatMap(gpusOf).join(","),
    gpuCount: perServer,
    backends: backends.join(","),
    models: shellWord(models),
    modelWord: shellWord(settings.model),
    servedWord: shellWord(settings.servedName),
    kvWord: shellWord(settings.kvCacheDtype),
    batchedTokens: settings.maxNumBatchedTokens,
    routerImage,
    vllmImage: `${PINS.vllm.repository}:${PINS.vllm.tag}`,
    vllmRepository: PINS.vllm.repository,
    vllmTag: PINS.vllm.tag,
    routerRepository: PINS.router.repository,
    routerTag: PINS.router.tag,
    chart: PINS.chart,
    name: recipe.servedName.toLowerCase().replaceAll(/[^a-z0-9-]/g, "-"),
    model: JSON.stringify(settings.model),
    args: yamlList(args),
    extraArgs: JSON.stringify(withoutChartFlags(args.slice(1))),
    routerArgs: yamlList([
      ...["--host", "0.0.0.0", "--port", "8001", "--service-discovery", "static"],
      ...["--static-backends", backends.join(","), "--static-models", models],
      ...["--routing-logic", "session", "--session-key", "x-session-affinity"],
    ]),
    // Weights pass through the page cache while they load; the rest is vLLM itself.
    memory: `${Math.ceil(recipe.weightsGib) + 16}Gi`,
    storage: `${Math.ceil(recipe.weightsGib * 1.1) + 10}Gi`,
    cpus: 8 * perServer,
  };
  const items = numbers.map((server) => ({
    index: server,
    alias: alias(server),
    gpus: gpusOf(server).join(","),
    deviceIds: JSON.stringify(gpusOf(server)),
    ...(topology === "router" ? { port: hostPort(server) } : {}),
  }));
  const name = TOPOLOGIES[topology];
  const content = fillTemplate(input.template, values, items);
  return { name, content, executable: name.endsWith(".sh"), notices };
}
