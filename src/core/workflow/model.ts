import { z } from "zod";

/** Who must have run what before a commit. The Commander's evidence is needed whatever it says. */
export const qaStrategySchema = z.enum([
  "worker-unit+commander-integration",
  "worker-self",
  "commander-all",
  "full-e2e",
]);
export type QaStrategy = z.infer<typeof qaStrategySchema>;

export const featureSchema = z.object({ name: z.string(), description: z.string() });

export const proposalSchema = z.object({
  revision: z.number().int().positive(),
  summary: z.string(),
  features: z.array(featureSchema),
  stack: z.string().optional(),
  qaStrategy: qaStrategySchema,
  project: z.enum(["new", "existing"]).optional(),
});
export type Proposal = z.infer<typeof proposalSchema>;

/** One Worker's part as it was dispatched. Its scope never changes afterwards. */
export const assignmentSchema = z.object({
  id: z.string(),
  name: z.string(),
  feature: z.string(),
  fileScope: z.array(z.string()).min(1),
  sharedReadOnly: z.array(z.string()),
  spec: z.string(),
  qaRequirements: z.string().optional(),
  dependsOn: z.array(z.string()),
  agent: z.string().optional(),
});
export type Assignment = z.infer<typeof assignmentSchema>;

export const reportedQaSchema = z.object({ command: z.string(), passed: z.boolean() });

export const tokensSchema = z.object({ input: z.number(), output: z.number(), cached: z.number() });
export type Tokens = z.infer<typeof tokensSchema>;

export function addedTokens(one: Tokens, more: Tokens): Tokens {
  return { input: one.input + more.input, output: one.output + more.output, cached: one.cached + more.cached };
}

/** Who wrote a changed path, as far as tool calls, sandboxed shells and git can tell. */
export const changeRowSchema = z.object({
  path: z.string(),
  kind: z.enum(["added", "modified", "deleted"]),
  by: z.string(),
  problem: z.enum(["out-of-scope", "shared-read-only", "overlap", "merge-conflict"]).optional(),
});
export type ChangeRow = z.infer<typeof changeRowSchema>;

/** Settings frozen when a swarm starts, so that a later file cannot weaken a running one. */
export const isolationSchema = z.enum(["shared", "worktree"]);
export type Isolation = z.infer<typeof isolationSchema>;

/** Work of one Worker that does not fit what the project holds: both changed these files. */
export const unmergedSchema = z.object({ worker: z.string(), paths: z.array(z.string()) });
export type Unmerged = z.infer<typeof unmergedSchema>;

export const settingsSchema = z.object({
  maxWorkers: z.number().int(),
  maxRetries: z.number().int(),
  maxContinuations: z.number().int(),
  designOptional: z.boolean(),
  skipPhrases: z.array(z.string()),
  /** Absent means "shared", as in logs from before there was a choice. */
  isolation: isolationSchema.optional(),
  /** Absent in logs of earlier versions. */
  takeUps: z.object({ times: z.number().int(), firstMs: z.number() }).optional(),
});
export type Settings = z.infer<typeof settingsSchema>;

export const gateSchema = z.enum(["design", "foundation", "integrate", "review", "qa", "qa-change"]);
export type Gate = z.infer<typeof gateSchema>;

export type Language = "en" | "ko";
