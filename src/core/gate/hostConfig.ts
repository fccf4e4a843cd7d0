import { z } from "zod";
import { mcpPrefix } from "../mcpNames.ts";
import { ALL_SWARM_TOOLS, HOST_TOOLS, ROLES, type Role } from "../roles.ts";
import { egress } from "./egress.ts";

/** The parts of OpenCode's merged configuration by which something could leave, or run outside the sandbox. */
const text = z.string();
const provider = z.looseObject({
  options: z.looseObject({ baseURL: text.optional() }).optional(),
  api: text.optional(),
  models: z.record(text, z.looseObject({ provider: z.looseObject({ api: text.optional() }).optional() })).optional(),
});
const server = z.looseObject({
  type: text.optional(),
  url: text.optional(),
  command: z.array(text).optional(),
  enabled: z.boolean().optional(),
});
const withModel = z.looseObject({ model: text.optional() });
const hostConfigSchema = z.looseObject({
  model: text.nullish(),
  small_model: text.nullish(),
  enabled_providers: z.array(text).nullish(),
  provider: z.record(text, provider).nullish(),
  agent: z.record(text, withModel.nullish()).nullish(),
  mcp: z.record(text, server).nullish(),
  share: text.nullish(),
  autoshare: z.boolean().nullish(),
  formatter: z.unknown().optional(),
  lsp: z.unknown().optional(),
  plugin: z.array(z.unknown()).nullish(),
  instructions: z.array(text).nullish(),
  skills: z.looseObject({ urls: z.array(text).nullish() }).nullish(),
});

/** Kinds of programs that OpenCode itself starts, outside every sandbox. */
export const UNSANDBOXED = ["formatter", "lsp", "plugin", "mcp"] as const;
export type Unsandboxed = (typeof UNSANDBOXED)[number];

export interface HostConfigPolicy {
  /** Hosts a swarm's requests may reach beside this machine. */
  allowHosts: readonly string[];
  /** Whether every session is held to them, not the swarm's alone. */
  egressAll: boolean;
  /** Kinds of programs the person lets a swarm run beside. */
  unsandboxed: readonly Unsandboxed[];
  /** Agent name of each role. */
  agents: Readonly<Record<Role, string>>;
  /** `file://` URL of the project's root, without a slash at its end. */
  projectUrl: string;
  /** `file://` URL of our own bundle, which may lie in the project it is developed in. */
  ownUrl: string;
}

/** What is wrong with an entry. */
export type HostConfigFault =
  | "unreadable"
  /** A model of no address in the configuration. */
  | "hosted-model"
  /** No model is chosen, and OpenCode may choose a hosted one. */
  | "no-model"
  | "foreign-host"
  /** An MCP server's tools could pass for one of ours. */
  | "mcp-name"
  | "share"
  /** OpenCode itself starts programs, outside the sandbox. */
  | "program"
  /** Code that the repository brings into OpenCode's own process. */
  | "repository-code";

/** One entry of OpenCode's configuration under which no swarm may start. */
export interface HostConfigFinding {
  fault: HostConfigFault;
  /** Where it stands, as in `mcp.tickets.url`. */
  entry: string;
  /** The host, model, tool or message it is about; empty where the entry says it all. */
  value: string;
  what: string;
  mend: string;
}

/** Agents of OpenCode's own that work on any session's text, the swarm's too. */
const HIDDEN_AGENTS = ["title", "summary", "compaction"];

/**
 * Judges OpenCode's merged configuration: models, MCP servers and remote texts have to be on allowed hosts, sharing off, and
 * nothing may run outside the sandbox unless the person said so. What cannot be read is a finding: a gate that errs refuses.
 */
export function judgeHostConfig(input: unknown, policy: HostConfigPolicy): HostConfigFinding[] {
  const parsed = hostConfigSchema.safeParse(input);
  if (!parsed.success) {
    return parsed.error.issues.map((issue) => ({
      fault: "unreadable",
      entry: issue.path.join(".") || "the configuration",
      value: issue.message,
      what: `cannot be read: ${issue.message}`,
      mend: "mend it in OpenCode's configuration",
    }));
  }
  const config = parsed.data;
  const remote = (entry: string, url: string) => foreign(entry, url, policy.allowHosts);
  return [
    ...judgeModels(config, policy),
    ...Object.entries(config.mcp ?? {}).flatMap(([name, mcp]) =>
      mcp.enabled === false || mcp.url === undefined ? [] : remote(`mcp.${name}.url`, mcp.url),
    ),
    ...Object.entries(config.mcp ?? {}).flatMap(([name, mcp]) => (mcp.enabled === false ? [] : judgeMcpName(name))),
    ...judgeShare(config),
    ...(["formatter", "lsp"] as const).flatMap((kind) => judgeProgram(kind, config[kind], policy)),
    ...(config.plugin ?? []).flatMap((entry) => judgePlugin(entry, policy)),
    ...(config.instructions ?? []).filter(isRemote).flatMap((url) => remote("instructions", url)),
    ...(config.skills?.urls ?? []).flatMap((url) => remote("skills.urls", url)),
  ];
}

type HostConfig = z.infer<typeof hostConfigSchema>;

function judgeModels(config: HostConfig, policy: HostConfigPolicy): HostConfigFinding[] {
  const held = policy.egressAll
    ? Object.keys(config.agent ?? {})
    : [...ROLES.map((role) => policy.agents[role]), ...HIDDEN_AGENTS];
  const chosen: [string, string | null | undefined][] = [
    ["model", config.model],
    ["small_model", config.small_model],
    ...held.map((name): [string, string | undefined] => [`agent.${name}.model`, config.agent?.[name]?.model]),
  ];
  const findings = chosen.flatMap(([entry, model]) => (model ? judgeModel(entry, model, config, policy) : []));
  const names = config.enabled_providers;
  for (const entry of ["model", "small_model"] as const) {
    if (config[entry]) continue;
    const unknown = names?.filter((name) => !Object.hasOwn(config.provider ?? {}, name));
    if (names && unknown?.length === 0) continue;
    findings.push({
      fault: "no-model",
      entry,
      value: "",
      what: "is not set, and OpenCode may choose a hosted model by itself",
      mend: `set "${entry}" to a model of your own server, or list your providers in "enabled_providers"`,
    });
  }
  return findings;
}

function judgeModel(entry: string, model: string, config: HostConfig, policy: HostConfigPolicy): HostConfigFinding[] {
  const [id = ""] = model.split("/");
  const found = config.provider?.[id];
  const inside = found?.models?.[model.slice(id.length + 1)]?.provider?.api;
  const url = inside ?? found?.options?.baseURL ?? found?.api;
  if (url !== undefined) return foreign(`${entry} (${model})`, url, policy.allowHosts);
  return [
    {
      fault: "hosted-model",
      entry,
      value: model,
      what: `names ${model}, and no baseURL in the configuration says where that is: it may be a hosted one`,
      mend: "choose a model of a provider with a baseURL on an allowed host",
    },
  ];
}

function foreign(entry: string, url: string, allowHosts: readonly string[]): HostConfigFinding[] {
  const verdict = egress(url, allowHosts);
  if (verdict.kind === "allowed") return [];
  const value = verdict.host || url.slice(0, 100);
  return [
    {
      fault: "foreign-host",
      entry,
      value,
      what: `leads to ${value}, which is no allowed host`,
      mend: "take the entry out or disable it, or add the host to security.allowHosts in your own configuration",
    },
  ];
}

const GATED_TOOLS = [...ALL_SWARM_TOOLS, ...new Set(Object.values(HOST_TOOLS).flat())];

/** The host calls an MCP tool by its server's name and its own: `run` and `qa` would stand in the place of `run_qa`. */
function judgeMcpName(name: string): HostConfigFinding[] {
  const taken = GATED_TOOLS.find((tool) => tool.startsWith(mcpPrefix(name)));
  if (taken === undefined) return [];
  return [
    {
      fault: "mcp-name",
      entry: `mcp.${name}`,
      value: taken,
      what: `could take the place of the tool ${taken}, because its tools' names begin alike`,
      mend: "give the server another name, or disable it",
    },
  ];
}

function judgeShare(config: HostConfig): HostConfigFinding[] {
  if (config.share === "disabled" && config.autoshare !== true) return [];
  const value = config.autoshare === true ? "autoshare" : (config.share ?? "");
  return [
    { fault: "share", entry: "share", value, what: "lets sessions be uploaded", mend: 'set "share": "disabled"' },
  ];
}

function judgeProgram(kind: "formatter" | "lsp", value: unknown, policy: HostConfigPolicy): HostConfigFinding[] {
  if (!value || policy.unsandboxed.includes(kind)) return [];
  return [
    {
      fault: "program",
      entry: kind,
      value: "",
      what: "starts programs outside the sandbox on files a Worker writes",
      mend: `set "${kind}": false in this project's opencode.json, or name it in security.unsandboxed of your own configuration`,
    },
  ];
}

function judgePlugin(entry: unknown, policy: HostConfigPolicy): HostConfigFinding[] {
  const spec = String(Array.isArray(entry) ? entry[0] : entry);
  const isInProject = spec.startsWith(`${policy.projectUrl}/`) || /^\.{1,2}\//u.test(spec);
  if (!isInProject || spec === policy.ownUrl || policy.unsandboxed.includes("plugin")) return [];
  return [
    {
      fault: "repository-code",
      entry: `plugin ${spec}`,
      value: "",
      what: "comes with the repository and runs in OpenCode's own process, past every gate",
      mend: "take it out, or name `plugin` in security.unsandboxed of your own configuration if it is yours",
    },
  ];
}

function isRemote(instruction: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//iu.test(instruction);
}
