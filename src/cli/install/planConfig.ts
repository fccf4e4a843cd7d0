import { isDeepStrictEqual } from "node:util";
import { parseDocument } from "../../config/document.ts";
import { removeAt } from "../../config/jsoncEdit.ts";
import { readFormat, writeFormat } from "../../config/textFormat.ts";
import { hiddenProvider } from "../../core/gate/hiddenProvider.ts";
import { Edit, isRecord, type Json, specOf } from "./edit.ts";
import type { Owned } from "./manifest.ts";

export interface ConfigWish {
  /** `file://` URL of the plugin's bundle. */
  pluginUrl: string;
  /** Where an earlier install put the bundle; its entry is replaced. */
  formerPluginUrls: readonly string[];
  pluginOptions: Json;
  /** Undefined keeps what is there, else the default. */
  baseUrl: string | undefined;
  defaultBaseUrl: string;
  apiKeyEnv: string | undefined;
  model: string;
  /** Tokens; undefined keeps what is there, else `defaultContext`. */
  context: number | undefined;
  /** True for user and machine files: OpenCode reads `autoupdate` from nowhere else. */
  global: boolean;
  keepSnapshots: boolean;
  /** Further providers that the routing policy can lead to: OpenCode loads none that its list leaves out. */
  routedProviders: readonly string[];
}

/** Things worth a word to the person, for the shell to phrase. */
export type ConfigNote =
  | { kind: "kept"; key: string; value: string }
  | { kind: "bare-name" }
  | { kind: "provider-existed" }
  | { kind: "provider-disabled" }
  /** A kept model whose provider OpenCode will not load. */
  | { kind: "model-hidden"; key: string; value: string; provider: string; enabled: string };

export type ConfigPlan =
  | {
      ok: true;
      after: string;
      owned: Owned[];
      notes: ConfigNote[];
      /** What OpenCode will read as `enabled_providers`. */
      enabledProviders: string[];
    }
  | { ok: false; line: number; column: number; detail: string };

/** 128K tokens, the context the recipes serve by default (AEGIS_CTX). */
const defaultContext = 131_072;
/** Room for one long file in one answer, an eighth of the default context. */
const maxOutput = 16_384;
const schemaUrl = "https://opencode.ai/config.json";

function planPlugin(edit: Edit, wish: ConfigWish, notes: ConfigNote[]): void {
  const entry = [wish.pluginUrl, wish.pluginOptions];
  const entries = edit.value(["plugin"]);
  const list: unknown[] = Array.isArray(entries) ? entries : [];
  if (list.some((item) => /^oh-my-qwencoder(@|$)/.test(String(specOf(item))))) notes.push({ kind: "bare-name" });
  const index = list.findIndex((item) => {
    const spec = String(specOf(item));
    return spec === wish.pluginUrl || wish.formerPluginUrls.includes(spec);
  });
  if (index === -1) {
    edit.append(["plugin"], entry);
    return;
  }
  const current = list[index];
  const options = Array.isArray(current) && isRecord(current[1]) ? current[1] : {};
  // Options a person added to our entry stay; ours are brought up to date.
  const { agents: _formerAgents, ...others } = options;
  const wanted = [wish.pluginUrl, { ...others, ...wish.pluginOptions }];
  if (isDeepStrictEqual(current, wanted)) return;
  edit.text = removeAt(edit.text, ["plugin", index]);
  edit.append(["plugin"], wanted);
}

function planProvider(edit: Edit, wish: ConfigWish, owns: boolean, notes: ConfigNote[]): void {
  const current = edit.value(["provider", "aegis"]);
  const context = (existing: unknown) => wish.context ?? (typeof existing === "number" ? existing : defaultContext);
  const limit = (existing: unknown) => {
    const size = context(existing);
    const output = Math.min(maxOutput, Math.floor(size / 4));
    // OpenCode shortens a session once its tokens reach `input` less as much again as an answer may take: without `input` it
    // waits until an answer alone fits, and what the next tool says behind that answer no longer does.
    return { context: size, input: size - output, output };
  };
  const former = (size: number) => ({ context: size, output: limit(size).output });
  const apiKey = wish.apiKeyEnv === undefined ? undefined : `{env:${wish.apiKeyEnv}}`;
  if (!isRecord(current)) {
    const provider = {
      npm: "@ai-sdk/openai-compatible",
      name: "Aegis",
      options: { baseURL: wish.baseUrl ?? wish.defaultBaseUrl, ...(apiKey === undefined ? {} : { apiKey }) },
      models: { [wish.model]: { name: wish.model, limit: limit(undefined), tool_call: true } },
    };
    edit.set(["provider", "aegis"], provider, true);
    return;
  }
  const before = edit.text;
  const at = ["provider", "aegis"];
  edit.set([...at, "npm"], "@ai-sdk/openai-compatible");
  const hasUrl = edit.value([...at, "options", "baseURL"]) !== undefined;
  if (wish.baseUrl !== undefined || !hasUrl)
    edit.set([...at, "options", "baseURL"], wish.baseUrl ?? wish.defaultBaseUrl);
  if (apiKey !== undefined) edit.set([...at, "options", "apiKey"], apiKey);
  const model = [...at, "models", wish.model];
  const known = edit.value([...model, "limit", "context"]);
  if (edit.value(model) === undefined) edit.set(model, { name: wish.model, limit: limit(undefined), tool_call: true });
  else {
    // Where we wrote it before there was an `input`, it is brought up to date; what a person chose stays.
    const ours = typeof known === "number" && isDeepStrictEqual(edit.value([...model, "limit"]), former(known));
    if (context(known) !== known || ours) edit.set([...model, "limit"], limit(known));
    edit.set([...model, "tool_call"], true);
  }
  if (!owns && edit.text !== before) notes.push({ kind: "provider-existed" });
}

function planChoices(edit: Edit, wish: ConfigWish, below: Json, former: readonly Owned[], notes: ConfigNote[]): void {
  const full = `aegis/${wish.model}`;
  const choose = (key: string, value: unknown) => {
    const own = edit.value([key]);
    // What an earlier install of ours wrote is ours to bring up to date.
    const ours = former.some(
      (item) =>
        item.kind === "value" && item.path.length === 1 && item.path[0] === key && isDeepStrictEqual(item.value, own),
    );
    const current = own ?? below[key];
    if (current === undefined || (own !== undefined && ours)) edit.set([key], value);
    else if (!isDeepStrictEqual(current, value)) notes.push({ kind: "kept", key, value: JSON.stringify(current) });
  };
  choose("model", full);
  choose("small_model", full);
  choose("share", "disabled");
  if (wish.global) choose("autoupdate", false);
  if (wish.keepSnapshots) choose("snapshot", true);
  const own = edit.value(["enabled_providers"]);
  const list: unknown = Array.isArray(own) ? own : below.enabled_providers;
  const needed = ["aegis", ...wish.routedProviders].filter((name) => !(Array.isArray(list) && list.includes(name)));
  // A list replaces the one read before it, so what stood there is repeated.
  if (!Array.isArray(own) && Array.isArray(list) && needed.length > 0)
    edit.set(["enabled_providers"], [...list, ...needed]);
  else for (const name of needed) edit.append(["enabled_providers"], name);
  for (const disabled of [edit.value(["disabled_providers"]), below.disabled_providers]) {
    if (Array.isArray(disabled) && disabled.includes("aegis")) notes.push({ kind: "provider-disabled" });
  }
}

/**
 * Works out the new text of an OpenCode configuration file. Nothing of the person's is changed or lost: a key that has a
 * value already keeps it, with a note.
 *
 * @param raw the file's text with its byte order mark; undefined for no file, empty for one without a byte
 * @param below merged top-level values of the files OpenCode reads before this one
 * @param former what an earlier install of ours owns in this file
 */
export function planConfig(
  raw: string | undefined,
  below: Json,
  wish: ConfigWish,
  former: readonly Owned[] = [],
): ConfigPlan {
  const { text, format } = readFormat(raw || "{}\n");
  const parsed = parseDocument("", text);
  if (!parsed.ok) {
    const problem = parsed.problems[0];
    return { ok: false, line: problem?.line ?? 1, column: problem?.column ?? 1, detail: problem?.detail ?? "" };
  }
  const value = parsed.document.value;
  if (!isRecord(value)) return { ok: false, line: 1, column: 1, detail: "expected an object" };
  for (const [path, fits] of [
    [["plugin"], Array.isArray],
    [["enabled_providers"], Array.isArray],
    [["provider"], isRecord],
  ] as const) {
    const found = value[path[0]];
    if (found !== undefined && !fits(found))
      return { ok: false, line: 1, column: 1, detail: `\`${path[0]}\` has the wrong type for OpenCode` };
  }
  const edit = new Edit(text, format);
  const notes: ConfigNote[] = [];
  // In an existing file too: OpenCode 1.18 writes a missing $schema itself, drops the byte order mark on the way, and so
  // would leave a file that no longer is the one to restore.
  if (edit.value(["$schema"]) === undefined) edit.set(["$schema"], schemaUrl);
  planPlugin(edit, wish, notes);
  planProvider(
    edit,
    wish,
    former.some((item) => item.path.join(".") === "provider.aegis"),
    notes,
  );
  planChoices(edit, wish, below, former, notes);
  const check = parseDocument("", edit.text);
  if (!check.ok)
    throw new Error(
      `the edited configuration would not be valid JSONC (${check.problems[0]?.detail ?? "?"}); nothing was written`,
    );
  const owned = [...former, ...edit.owned].filter(
    (item, index, all) =>
      all.findLastIndex(
        (other) =>
          other.kind === item.kind &&
          isDeepStrictEqual(other.path, item.path) &&
          (item.kind !== "item" || (other.kind === "item" && other.value === item.value)),
      ) === index,
  );
  const named = edit.value(["enabled_providers"]) ?? below.enabled_providers;
  const enabledProviders = Array.isArray(named) ? named.map(String) : ["aegis"];
  for (const key of ["model", "small_model"] as const) {
    const model = edit.value([key]) ?? below[key];
    const provider = typeof model === "string" ? hiddenProvider(model, enabledProviders) : undefined;
    if (provider !== undefined)
      notes.push({ kind: "model-hidden", key, value: String(model), provider, enabled: enabledProviders.join(", ") });
  }
  return { ok: true, after: writeFormat(edit.text, format), owned, notes, enabledProviders };
}

/** Takes our entries out of a file that changed since the install; the person's text stays. */
export function withoutOurs(raw: string, owned: readonly Owned[]): string | undefined {
  const { text, format } = readFormat(raw);
  if (!parseDocument("", text).ok) return undefined;
  const edit = new Edit(text, format);
  for (const item of owned) {
    if (item.kind === "value") {
      if (item.always || isDeepStrictEqual(edit.value(item.path), item.value))
        edit.text = removeAt(edit.text, item.path);
    } else if (item.kind === "item") {
      const list = edit.value(item.path);
      const index = Array.isArray(list) ? list.findIndex((entry) => specOf(entry) === item.value) : -1;
      if (index !== -1) edit.text = removeAt(edit.text, [...item.path, index]);
    }
  }
  for (const item of owned.toReversed()) {
    if (item.kind !== "container") continue;
    const value = edit.value(item.path);
    const empty = Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0;
    if (empty) edit.text = removeAt(edit.text, item.path);
  }
  return writeFormat(edit.text, format);
}
