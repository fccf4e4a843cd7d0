import { z } from "zod";
import { leaves, schemaAt } from "./keys.ts";
import { nearest } from "./nearest.ts";
import type { Problem } from "./problem.ts";
import { configSchema } from "./schema.ts";

/** Short names for serving that existed before the general scheme. */
const servingNames: Record<string, string> = {
  AEGIS_MODEL: "vllm.model",
  AEGIS_SERVED_NAME: "vllm.servedName",
  AEGIS_PORT: "vllm.port",
  AEGIS_GPU: "vllm.gpu",
  AEGIS_CTX: "vllm.ctx",
  AEGIS_MEM: "vllm.mem",
  AEGIS_BATCH: "vllm.batch",
  AEGIS_HOST: "vllm.host",
  AEGIS_KV_DTYPE: "vllm.kvDtype",
  AEGIS_EXTRA: "vllm.extra",
};

const snake = (key: string) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** The variable of a setting: `swarm.maxWorkers` → `OMQ_SWARM_MAX_WORKERS` (`AEGIS_…` is accepted too). */
function variableOf(path: readonly string[]): string {
  return `OMQ_${path.map(snake).join("_")}`;
}

function readValue(text: string, schema: z.ZodType): unknown {
  const word = text.trim();
  if (schema instanceof z.ZodNumber) return /^[-+]?\d+(\.\d+)?$/.test(word) ? Number(word) : text;
  if (schema instanceof z.ZodBoolean) {
    if (/^(1|true|yes|on)$/i.test(word)) return true;
    return /^(0|false|no|off)$/i.test(word) ? false : text;
  }
  if (!(schema instanceof z.ZodArray)) return word;
  if (word.startsWith("[")) {
    try {
      return JSON.parse(word);
    } catch (error) {
      if (error instanceof SyntaxError) return text;
      throw error;
    }
  }
  return word
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** A setting taken from the environment. */
export interface EnvironmentSetting {
  variable: string;
  path: readonly string[];
  value: unknown;
}

/**
 * Reads `OMQ_<SECTION>_<KEY>` and `AEGIS_<SECTION>_<KEY>` plus the serving names. Lists are JSON or comma-separated; an
 * empty variable counts as unset. `OMQ_…` wins over `AEGIS_…`, the general name over the serving one.
 */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): {
  settings: EnvironmentSetting[];
  problems: Problem[];
  warnings: Problem[];
} {
  const given = Object.keys(env).filter((name) => /^(AEGIS|OMQ)_/.test(name) && (env[name] ?? "") !== "");
  // The common case: nothing set, no walk over the schema.
  if (given.length === 0) return { settings: [], problems: [], warnings: [] };
  const paths = new Map<string, readonly string[]>();
  for (const [name, path] of Object.entries(servingNames)) paths.set(name, path.split("."));
  for (const prefix of ["AEGIS", "OMQ"]) {
    for (const leaf of leaves()) {
      const name = variableOf(leaf.path).replace(/^OMQ/, prefix);
      // AEGIS_MODEL names the weights to serve; OpenCode's model is OMQ_MODEL.
      if (!Object.hasOwn(servingNames, name)) paths.set(name, leaf.path);
    }
  }
  const settings: EnvironmentSetting[] = [];
  const problems: Problem[] = [];
  for (const [variable, path] of paths) {
    const text = env[variable];
    if (text === undefined || text === "") continue;
    const schema = schemaAt(path);
    if (!schema) continue;
    const value = readValue(text, schema);
    const judged = schema.safeParse(value);
    if (judged.success) settings.push({ variable, path, value });
    else {
      const detail = judged.error.issues.map((issue) => issue.message).join("; ");
      problems.push({
        code: "bad-value",
        source: variable,
        path: path.join("."),
        detail: `${JSON.stringify(text)}: ${detail}`,
      });
    }
  }
  const sections = Object.keys(configSchema.shape).map(snake);
  const warnings = given
    .filter(
      (name) => !paths.has(name) && sections.some((section) => name.replace(/^[A-Z]+_/, "").startsWith(`${section}_`)),
    )
    .map((name): Problem => {
      const suggestion = nearest(name, [...paths.keys()]);
      return {
        code: "unused",
        source: name,
        path: "",
        detail: "no setting has this name; the variable is not used",
        ...(suggestion === undefined ? {} : { suggestion }),
      };
    });
  return { settings, problems, warnings };
}
