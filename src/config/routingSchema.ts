import { z } from "zod";
import { DEFAULT_PREFER_PRIMARY, DEFAULT_PREFER_SECONDARY, HYBRID_FROM } from "../core/routing/policy.ts";
import { FUSION_MODES } from "../core/routing/verdict.ts";

const flag = (fallback: boolean, text: string) => z.boolean().default(fallback).describe(text);
const names = (text: string) => z.array(z.string().min(1)).describe(text);
const percent = z.number().min(0).max(100);
const clock = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be "HH:MM"');
const tier = z.enum(["high", "medium", "low"]);

const target = z
  .strictObject({
    provider: z.string().min(1).describe("Provider that does the work."),
    model: z.string().min(1).optional().describe("Its model; without it the one of the agent's tier."),
  })
  .describe("Where the work goes.");

const when = z
  .strictObject({
    agent: names("Agents; `*` stands for any letters.").optional(),
    task: names("Words, one of which is in the task.").optional(),
    time: z.strictObject({ from: clock, to: clock }).optional().describe("Local time; may go over midnight."),
    utilisation: z
      .strictObject({ atLeast: percent.optional(), below: percent.optional() })
      .optional()
      .describe("Percent of the primary's limit; an unknown one fulfils no such condition."),
    mode: z.array(z.enum(FUSION_MODES)).optional().describe("Fusion modes."),
  })
  .describe("Conditions; all that are given must hold.");

const rule = z
  .strictObject({
    name: z.string().min(1).describe("Shown by `route explain`."),
    when,
    // biome-ignore lint/suspicious/noThenProperty: the rules' own word, in files that people write; never awaited.
    then: target,
  })
  .describe("One rule.");

const provider = z
  .strictObject({
    name: z.string().min(1).optional().describe("As people call it."),
    surface: z.enum(["openai", "anthropic", "gemini"]).optional().describe("The API it speaks."),
    hostProvider: z.string().min(1).optional().describe("Its name in OpenCode's configuration."),
    models: z
      .strictObject({
        high: z.string().min(1).optional(),
        medium: z.string().min(1).optional(),
        low: z.string().min(1).optional(),
      })
      .optional()
      .describe("Its model of each tier."),
    weight: z.number().gt(0).max(1000).optional().describe("Share of the draws where several providers fit."),
    priority: z.number().int().min(0).max(1000).optional().describe("Lower comes first where two are alike."),
    enabled: z.boolean().optional().describe("Whether it is used at all."),
    price: z
      .strictObject({ input: z.number().min(0), output: z.number().min(0) })
      .optional()
      .describe("US dollars for a million tokens of any of its models; only for reports."),
  })
  .describe("What differs from the built-in entry, or a provider of your own (outside like any but `local`).");

export const routing = z
  .strictObject({
    enabled: flag(true, "Whether the routing policy is asked at all. Off: every role uses the local model."),
    primary: z.string().min(1).default("local").describe("Provider that does the work where nothing else is said."),
    usageThreshold: percent
      .default(HYBRID_FROM)
      .describe("Percent of the primary's limit at which the hybrid mode begins."),
    maxOpencodeWorkers: z
      .number()
      .int()
      .min(1)
      .max(25)
      .default(3)
      .describe("Most calls of other programs and servers at once, of whatever kind."),
    preferOpencode: names("Agents that go to the secondary while a mode is on.").default([...DEFAULT_PREFER_SECONDARY]),
    preferClaude: names("Agents that stay on the primary while a mode is on.").default([...DEFAULT_PREFER_PRIMARY]),
    prefer: z
      .strictObject({
        primary: names("In place of preferClaude.").optional(),
        secondary: names("In place of preferOpencode.").optional(),
      })
      .prefault({})
      .describe("The same two lists under names that fit any provider."),
    autoDelegate: flag(true, "Route by tier. Off: only limits and fallback move work."),
    tiers: z
      .strictObject({
        high: names("Providers of the best tier; by default it stays on the primary.").optional(),
        medium: names("Providers of the middle tier; by default openai beside a primary outside.").optional(),
        low: names("Providers of the low tier; by default gemini beside a primary outside.").optional(),
      })
      .prefault({})
      .describe("Where a mode sends each tier. Several providers share it by `balancingStrategy`."),
    balancingStrategy: z
      .enum(["round-robin", "weighted", "latency", "usage"])
      .default("weighted")
      .describe("How one of several providers is picked."),
    fallback: names(
      "Providers in the order in which they stand in; by default none beside a local primary, else openai, gemini, local.",
    ).optional(),
    agents: z.record(z.string().min(1), tier).default({}).describe("Your own agents and their tiers."),
    overrides: z.record(z.string().min(1), target).default({}).describe("Where single agents always go."),
    rules: z.array(rule).default([]).describe("Rules; the first that holds decides."),
    providers: z
      .record(z.string().min(1), provider)
      .default({})
      .describe("Changes to the providers, and further ones."),
    external: z
      .strictObject({
        enabled: flag(false, "Allow models outside the house. Weakens: never read from a file in the repository."),
        usagePoll_s: z
          .number()
          .int()
          .min(60)
          .optional()
          .describe("Seconds between two questions to the providers' usage endpoints; without it nobody asks them."),
      })
      .prefault({})
      .describe("Providers beyond the local model."),
  })
  .prefault({})
  .describe("Which provider and model does a piece of work.");
