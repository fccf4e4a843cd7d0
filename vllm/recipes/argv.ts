import { modelShape } from "../capacity/modelShape.ts";
import { type FlagTable, flagName, flagTableFor, knowsFlag } from "../flags/flagTable.ts";
import { type Notice, notice } from "../server/notice.ts";
import { modelConfig, type Recipe } from "./recipe.ts";

/** What the operator may set over a recipe. */
export interface ServeOverrides {
  model: string;
  servedName: string;
  host: string;
  port: number;
  /** Tokens. */
  context: number;
  /** Share of a GPU's memory, 0 to 1. */
  utilization: number;
  maxNumSeqs: number;
  maxNumBatchedTokens: number;
  /** `auto`, `fp8`, … as vLLM has it. */
  kvCacheDtype: string;
  /** Further words for vLLM; a flag in them replaces ours. */
  extra: readonly string[];
}

/** Flags we never pass, and what to do instead. A version that lost a flag and has a successor is here too. */
const replacements: Record<string, { by?: string; notice: "flagNever" | "flagReplaced" }> = {
  "--disable-log-requests": { notice: "flagNever" },
  "--override-neuron-config": { notice: "flagNever" },
  "--disable-frontend-multiprocessing": { notice: "flagNever" },
  "--guided-decoding-backend": { by: "--structured-outputs-config.backend", notice: "flagReplaced" },
  "--kv-cache-memory": { by: "--kv-cache-memory-bytes", notice: "flagReplaced" },
  "--swap-space": { notice: "flagNever" },
};

/**
 * A hybrid's blocks are of 544 or 1,072 tokens, and what a session added lies inside the last one: a match in units of 16
 * (a divisor of every such block) finds it too, so that a turn reads what is new instead of half a block more (vllm#46384).
 */
const MATCH_UNIT = ["--prefix-match-unit", "16"] as const;

/** Cuts words into a flag with its values; words before the first flag stand alone. */
function flagGroups(words: readonly string[]): string[][] {
  const groups: string[][] = [];
  for (const word of words) {
    const last = groups.at(-1);
    // `-1` is a value, not a flag.
    if (/^-(?!\d)/.test(word) || !last) groups.push([word]);
    else last.push(word);
  }
  return groups;
}

function fitFlag(table: FlagTable, group: readonly string[], notices: Notice[]): string[] {
  const [flag = "", ...values] = group;
  const rule = replacements[flagName(flag)];
  if (rule && (rule.notice === "flagNever" || !knowsFlag(table, flag))) {
    notices.push(notice(rule.notice, { flag: flagName(flag), version: table.version, by: rule.by ?? "" }));
    if (rule.by === undefined || !knowsFlag(table, rule.by)) return [];
    const inline = flag.includes("=") ? [flag.slice(flag.indexOf("=") + 1)] : [];
    return [rule.by, ...inline, ...values];
  }
  if (knowsFlag(table, flag)) return [...group];
  notices.push(notice("flagUnknown", { flag: flagName(flag), version: table.version }));
  return [];
}

/**
 * The words after `vllm` that serve a recipe, fit for a version: flags it does not know are left out or replaced, each
 * with a notice. Prefix caching and a sequence limit are always set (hybrids before 0.28 have caching off, servers a limit
 * of 1,024); speculative decoding is not, since it corrupts cached state and tool calls (vllm#43559, #47194, #53912).
 *
 * @param version of the installed vLLM; undefined: the newest known is assumed
 */
export function argvFor(
  recipe: Recipe,
  version: string | undefined,
  overrides: ServeOverrides,
): { argv: string[]; notices: Notice[] } {
  const { table, exact } = flagTableFor(version);
  const notices: Notice[] = [];
  if (version !== undefined && !exact) notices.push(notice("versionNear", { version, table: table.version }));
  const hybrid = modelShape(modelConfig(recipe.modelConfig)).gdn !== undefined && overrides.model === recipe.model;
  const ours = [
    ["--served-model-name", overrides.servedName],
    ["--host", overrides.host],
    ["--port", String(overrides.port)],
    ["--tensor-parallel-size", String(recipe.tensorParallel)],
    ["--max-model-len", String(overrides.context)],
    ["--gpu-memory-utilization", String(overrides.utilization)],
    ["--max-num-seqs", String(overrides.maxNumSeqs)],
    ["--max-num-batched-tokens", String(overrides.maxNumBatchedTokens)],
    ["--kv-cache-dtype", overrides.kvCacheDtype],
    ["--enable-prefix-caching"],
    ["--enable-chunked-prefill"],
    ...(hybrid && recipe.mambaCacheMode !== "none" ? [["--mamba-cache-mode", recipe.mambaCacheMode]] : []),
    ...(hybrid && recipe.mambaCacheMode === "align" && knowsFlag(table, MATCH_UNIT[0]) ? [MATCH_UNIT] : []),
    ...recipe.flags,
  ];
  const extra = flagGroups(overrides.extra);
  const replaced = new Set(extra.map((group) => flagName(group[0] ?? "").replace(/^--no-/, "--")));
  if (replaced.has("--speculative-config")) notices.push(notice("speculative"));
  if (replaced.has("--api-key")) notices.push(notice("keyInArguments"));
  const kept = ours.filter((group) => !replaced.has(flagName(group[0] ?? "")));
  const fitted = [...kept, ...extra].flatMap((group) => fitFlag(table, group, notices));
  return { argv: ["serve", overrides.model, ...fitted], notices };
}

/** The last value of a flag among the words, however it is spelt; undefined where it is not there. */
export function flagValue(argv: readonly string[], flag: string): string | undefined {
  const index = argv.findLastIndex((word) => word.startsWith("--") && flagName(word) === flag);
  const word = argv[index];
  if (word === undefined) return undefined;
  return word.includes("=") ? word.slice(word.indexOf("=") + 1) : argv[index + 1];
}
