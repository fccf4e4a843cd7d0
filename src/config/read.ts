import { findNodeAtLocation } from "jsonc-parser";
import { BUILT_IN_PROVIDERS } from "../core/routing/providers.ts";
import { messageOf } from "../ports/thrown.ts";
import { type Document, parseDocument } from "./document.ts";
import { readEnvironment } from "./environment.ts";
import { installedModel } from "./installedModel.ts";
import { leaves } from "./keys.ts";
import { type UndescribedProvider, undescribedProviders } from "./namedProviders.ts";
import { type Problem, placeOf } from "./problem.ts";
import { type Config, type ConfigInput, configSchema, weakeningKeys } from "./schema.ts";
import { at, validateLayer } from "./validate.ts";

/** Where a value came from. Later ones win: default < managed < user < project < plugin < environment < flag. */
type Origin = "default" | "managed" | "user" | "project" | "plugin" | "environment" | "flag";

export interface ReadConfigInput {
  /** Absolute path of the project's root; undefined outside a project. */
  projectDir: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** The person's home directory; need not exist. */
  home: string;
  /** Options of our entry in OpenCode's `plugin` list; without them what `install` wrote there is read from its record. */
  pluginOptions?: unknown;
  /** True only where these options come from a file outside the repository; they may then weaken protection. */
  pluginOptionsTrusted?: boolean;
  /** Settings given on the command line. */
  flags?: ConfigInput;
  /** Text of a file, undefined where there is none; throws where it is there and cannot be read. */
  readFile: (path: string) => string | undefined;
  /** Directory of the machine-wide configuration; for tests. */
  managedDir?: string;
}

export type ReadConfigResult =
  | {
      ok: true;
      config: Config;
      /** Dotted key path → where its value came from; one entry for every setting. */
      origin: Record<string, Origin>;
      warnings: Problem[];
      /** The files that were read, lowest first. */
      files: string[];
    }
  | { ok: false; problems: Problem[] };

interface Layer {
  origin: Origin;
  source: string;
  /** Whether keys of `weakeningKeys` count here. */
  trusted: boolean;
  value: unknown;
  document?: Document;
}

/** `$XDG_CONFIG_HOME`, or `~/.config` where that is unset, empty or relative (the XDG base directory specification). */
export function configHome(env: Readonly<Record<string, string | undefined>>, home: string): string {
  const xdg = env.XDG_CONFIG_HOME;
  return xdg?.startsWith("/") ? xdg : `${home}/.config`;
}

/** Directory of the machine-wide configuration. */
const managedOf = ({ managedDir }: Pick<ReadConfigInput, "managedDir">): string => managedDir ?? "/etc/oh-my-qwencoder";

/** The three files a configuration may have, lowest first. */
function configFiles(input: Pick<ReadConfigInput, "projectDir" | "env" | "home" | "managedDir">): {
  origin: "managed" | "user" | "project";
  path: string;
}[] {
  return [
    { origin: "managed", path: `${managedOf(input)}/aegis.jsonc` },
    { origin: "user", path: `${configHome(input.env, input.home)}/oh-my-qwencoder/aegis.jsonc` },
    ...(input.projectDir === undefined
      ? []
      : [{ origin: "project" as const, path: `${input.projectDir}/aegis.jsonc` }]),
  ];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function set(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let current = target;
  for (const step of path.slice(0, -1)) {
    const next = current[step];
    if (isRecord(next)) current = next;
    else {
      const fresh: Record<string, unknown> = {};
      current[step] = fresh;
      current = fresh;
    }
  }
  const last = path.at(-1);
  if (last !== undefined) current[last] = value;
}

function fileLayers(input: ReadConfigInput, problems: Problem[], files: string[]): Layer[] {
  return configFiles(input).flatMap(({ origin, path }): Layer[] => {
    let text: string | undefined;
    try {
      text = input.readFile(path);
    } catch (error) {
      const detail = `cannot be read: ${messageOf(error)}`;
      problems.push({ code: "unreadable", source: path, path: "", detail });
      return [];
    }
    if (text === undefined) return [];
    files.push(path);
    const parsed = parseDocument(path, text);
    if (!parsed.ok) {
      problems.push(...parsed.problems);
      return [];
    }
    const { document } = parsed;
    return [{ origin, source: path, trusted: origin !== "project", value: document.value, document }];
  });
}

/** Another model of the provider that `install` made: no way out of the house, so a repository may choose it. */
function isOwnModel(key: string, value: unknown): boolean {
  return key === "model" && typeof value === "string" && value.startsWith("aegis/");
}

function ignoredWeakening(layer: Layer, path: readonly string[]): Problem {
  const node = layer.document?.root && findNodeAtLocation(layer.document.root, [...path]);
  return {
    code: "weakening",
    source: layer.source,
    path: path.join("."),
    ...(node && layer.document ? placeOf(layer.document.text, node.offset) : {}),
    detail:
      "ignored: a file in the repository may not take protection away; set it in your user configuration, the environment or a flag",
  };
}

/**
 * Reads and merges the configuration. Objects merge key by key, lists are replaced. Any unknown key, wrong type, broken
 * or unreadable file makes the whole result `ok: false`: nothing falls back to defaults. Keys that weaken protection are
 * dropped from the repository's layers with a warning that says so.
 */
export function readConfig(input: ReadConfigInput): ReadConfigResult {
  const problems: Problem[] = [];
  const files: string[] = [];
  const layers = fileLayers(input, problems, files);
  if (input.pluginOptions !== undefined) {
    const trusted = input.pluginOptionsTrusted === true;
    layers.push({ origin: "plugin", source: "plugin options", trusted, value: input.pluginOptions });
  } else {
    const installed = installedModel({ ...input, managedDir: managedOf(input) });
    if (installed) {
      const { model, source } = installed;
      layers.push({ origin: "plugin", source, trusted: true, value: { model } });
    }
  }
  if (input.flags !== undefined) layers.push({ origin: "flag", source: "flags", trusted: true, value: input.flags });
  for (const layer of layers) problems.push(...validateLayer(layer.source, layer.value, layer.document));
  const environment = readEnvironment(input.env);
  problems.push(...environment.problems);
  if (problems.length > 0) return { ok: false, problems };

  const merged: Record<string, unknown> = {};
  const origin: Record<string, Origin> = {};
  const warnings: Problem[] = [...environment.warnings];
  const weakening = new Set(weakeningKeys);
  const all = leaves();
  const apply = (layer: Layer) => {
    for (const { path } of all) {
      const value = at(layer.value, path);
      if (value === undefined) continue;
      const key = path.join(".");
      if (weakening.has(key) && !layer.trusted && !isOwnModel(key, value)) warnings.push(ignoredWeakening(layer, path));
      else {
        set(merged, path, value);
        origin[key] = layer.origin;
      }
    }
  };
  for (const layer of layers) if (layer.origin !== "flag") apply(layer);
  for (const { path, value } of environment.settings) {
    set(merged, path, value);
    origin[path.join(".")] = "environment";
  }
  for (const layer of layers) if (layer.origin === "flag") apply(layer);
  for (const { path } of all) origin[path.join(".")] ??= "default";
  const config = configSchema.parse(merged);
  // Whole only now: one file may describe the provider that another one names.
  const undescribed = undescribedProviders(config.routing).map((found) => wordUndescribed(found, layers));
  if (undescribed.length > 0) return { ok: false, problems: undescribed };
  return { ok: true, config, origin, warnings, files };
}

/** At the highest layer that names it. */
function wordUndescribed({ path, name, suggestion }: UndescribedProvider, layers: readonly Layer[]): Problem {
  const steps = path.map((step) => (/^\d+$/u.test(step) ? Number(step) : step));
  const layer = layers.findLast(({ value }) => at(value, steps) === name);
  const node = layer?.document?.root && findNodeAtLocation(layer.document.root, steps);
  return {
    code: "bad-value",
    source: layer?.source ?? "environment",
    path: path.join("."),
    ...(node && layer?.document ? placeOf(layer.document.text, node.offset) : {}),
    detail: `no provider is called ${JSON.stringify(name)}: use one of ${BUILT_IN_PROVIDERS.map(({ id }) => id).join(", ")}, or describe yours under routing.providers`,
    ...(suggestion === undefined ? {} : { suggestion: JSON.stringify(suggestion) }),
  };
}
