import { z } from "zod";
import { UNSANDBOXED } from "../core/gate/hostConfig.ts";
import { flag, names, percent } from "./fields.ts";
import { gate } from "./gateSchema.ts";
import { jobs } from "./jobsSchema.ts";
import { routing } from "./routingSchema.ts";
import { sandbox, swarm, workflow } from "./swarmSchema.ts";

const context = z
  .strictObject({
    includeRecentFiles: flag(true, "List recently changed files in a handoff."),
    recentFilesLimit: z.number().int().min(0).max(1000).default(10).describe("Most recent files listed in a handoff."),
    includeTodos: flag(true, "Carry open todos over in a handoff."),
    includeDecisions: flag(true, "Carry decisions over in a handoff."),
    maxContextLength: z.number().int().min(1000).default(50_000).describe("Longest handoff, in characters."),
  })
  .prefault({})
  .describe("What a handoff to another tool contains.");

const opencode = z
  .strictObject({
    command: z
      .string()
      .min(1)
      .default("opencode")
      .describe("The OpenCode executable for headless runs. Weakens: never read from a repository."),
    args: z
      .array(z.string())
      .default([])
      .describe("Arguments put before ours in headless runs. Weakens: never read from a repository."),
    ways: z
      .array(z.enum(["acp", "serve", "run"]))
      .default(["acp", "serve", "run"])
      .describe(
        "Ways in which tasks outside a chat may be done: acp and serve keep a process of 0.6 to 0.7 GB, run starts one each time and is always possible.",
      ),
    ultraworkByDefault: flag(true, "Headless runs start in the auto mode (ulw)."),
    timeout: z.number().int().min(1000).default(300_000).describe("Time limit of a headless run, in milliseconds."),
  })
  .prefault({})
  .describe("How OpenCode is run without a person.");

const notifications = z
  .strictObject({
    showOnThreshold: flag(true, "Say when a limit's threshold is crossed."),
    showOnKeyword: flag(true, "Say when a keyword switched a mode."),
    quietMode: flag(false, "Show none of these messages."),
  })
  .prefault({})
  .describe("Messages to the person.");

const tracking = z
  .strictObject({
    watts: z
      .number()
      .min(0)
      .max(100_000)
      .default(700)
      .describe("Power of the GPU while it works, for the electricity in reports: 700 W is an H200 SXM's limit."),
    pricePerKwh: z
      .number()
      .min(0)
      .default(0)
      .describe("Price of a kWh in US dollars, for reports; 0 counts the energy alone."),
    prices: z
      .record(
        z.string().regex(/^[^/]+(?:\/.+)?$/, 'must be "provider/model" or a provider'),
        z
          .strictObject({ input: z.number().min(0), output: z.number().min(0) })
          .describe("Of what comes in and goes out."),
      )
      .default({})
      .describe('US dollars for a million tokens, for reports, by "provider/model" or by provider for all its models.'),
  })
  .prefault({})
  .describe("What reports reckon with.");

const telemetry = z
  .strictObject({
    otlp: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe(
        "Base URL of an OTLP/HTTP receiver for traces; OTEL_EXPORTER_OTLP_ENDPOINT where unset. Outside this machine only with security.allowHosts. Weakens: never read from a repository.",
      ),
  })
  .prefault({})
  .describe("What is told to a tracing system.");

const security = z
  .strictObject({
    allowHosts: names(
      [],
      "Hosts a model request may reach beside loopback and the installed base URL. Weakens: never read from a repository.",
    ),
    egress: z
      .enum(["swarm", "all"])
      .default("swarm")
      .describe("Whose model requests are held to the allow-list: the swarm's, or every session's."),
    unsandboxed: z
      .array(z.enum(UNSANDBOXED))
      .default([])
      .describe(
        "Programs of OpenCode's own that may run outside the sandbox: formatter, lsp and a repository's plugin (and custom tools) beside a swarm, a repository's local mcp servers at any time. Weakens: never read from a repository.",
      ),
  })
  .prefault({})
  .describe("What may leave the machine.");

const mcp = z
  .strictObject({
    allow: z
      .strictObject({
        commander: names([], "MCP servers the Commander may use."),
        worker: names([], "MCP servers a Worker may use."),
        scout: names([], "MCP servers a Scout may use."),
        librarian: names([], "MCP servers a Librarian may use."),
      })
      .prefault({})
      .describe("Names of MCP servers by role. Weakens: never read from a repository."),
  })
  .prefault({})
  .describe("MCP servers.");

const vllm = z
  .strictObject({
    model: z.string().min(1).optional().describe("Model to serve (AEGIS_MODEL)."),
    servedName: z.string().min(1).optional().describe("Name the server answers to (AEGIS_SERVED_NAME)."),
    port: z.number().int().min(1).max(65_535).default(8001).describe("Port of the model server (AEGIS_PORT)."),
    host: z.string().min(1).default("127.0.0.1").describe("Address it binds (AEGIS_HOST)."),
    gpu: z.string().min(1).optional().describe("GPUs to use, as CUDA_VISIBLE_DEVICES has them (AEGIS_GPU)."),
    ctx: z.number().int().min(1024).default(131_072).describe("Context length in tokens (AEGIS_CTX)."),
    mem: z.number().gt(0).max(1).default(0.92).describe("Share of GPU memory to use (AEGIS_MEM)."),
    batch: z.number().int().min(1).max(4096).default(16).describe("Most sequences run at once (AEGIS_BATCH)."),
    kvDtype: z.string().min(1).optional().describe("Data type of the KV cache (AEGIS_KV_DTYPE)."),
    extra: z.string().optional().describe("Further arguments for vLLM (AEGIS_EXTRA)."),
  })
  .prefault({})
  .describe("Serving the local model.");

const agents = z
  .strictObject({
    commander: z.string().min(1).default("commander").describe("Name of the Commander's agent."),
    worker: z.string().min(1).default("worker").describe("Name of the Worker's agent."),
    scout: z.string().min(1).default("scout").describe("Name of the Scout's agent."),
    librarian: z.string().min(1).default("librarian").describe("Name of the Librarian's agent."),
  })
  .prefault({})
  .describe("Agent names, where a name was already the person's own.");

/**
 * Everything that can be configured, once: types, `aegis.schema.json` and validation come from here. Every key is
 * optional in a file; `configSchema.parse({})` gives the defaults. Defaults of the older tools' keys are theirs.
 */
export const configSchema = z
  .strictObject({
    $schema: z.string().optional().describe("Where an editor finds this schema."),
    fusionDefault: flag(false, "Start every session in the `always` fusion mode."),
    threshold: percent(90, "Percent of a limit at which work moves to the fallback."),
    autoHandoff: flag(false, "Write a handoff by itself when the threshold is reached."),
    keywords: names(["opencode", "handoff", "전환"], "Words in a message that offer a handoff."),
    model: z
      .string()
      .regex(/^[^/\s]+\/\S+$/, "must be provider/model")
      .default("aegis/qwen3-coder-next")
      .describe(
        "OpenCode model of the swarm's agents, as provider/model: what counts as the house's own. A repository may name models of the provider `aegis` only. `install --model` sets it.",
      ),
    agents,
    routing,
    context,
    opencode,
    notifications,
    swarm,
    sandbox,
    workflow,
    security,
    mcp,
    vllm,
    jobs,
    gate,
    tracking,
    telemetry,
  })
  .describe("Configuration of oh-my-qwencoder (aegis.jsonc).");

/** The merged configuration: every default filled in. */
export type Config = z.infer<typeof configSchema>;
/** What a file, the plugin options or flags may hold: any part of it. */
export type ConfigInput = z.input<typeof configSchema>;

/** Keys that take protection away. They count only where a person put them outside the repository. */
export const weakeningKeys: readonly string[] = [
  "model",
  "swarm.sandbox",
  "sandbox.network",
  "security.egress",
  "security.allowHosts",
  "security.unsandboxed",
  "mcp.allow.commander",
  "mcp.allow.worker",
  "mcp.allow.scout",
  "mcp.allow.librarian",
  "workflow.design",
  "workflow.skipPhrases",
  "routing.external.enabled",
  "routing.external.usagePoll_s",
  "opencode.command",
  "opencode.args",
  "telemetry.otlp",
  "jobs.redis",
  "jobs.onComplete",
  "jobs.notify.webhook.url",
  "jobs.notify.webhook.secretEnv",
  "jobs.notify.email.to",
  "jobs.notify.email.from",
];
