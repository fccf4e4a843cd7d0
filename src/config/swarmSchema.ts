import { z } from "zod";
import { isNetworkEntry } from "../core/sandbox/networkAllowance.ts";
import { names, seconds } from "./fields.ts";

const characters = (fallback: number, text: string) => z.number().int().min(1_000).default(fallback).describe(text);

/** `swarm`: how many Workers, where, and how long they are tried. */
export const swarm = z
  .strictObject({
    maxWorkers: z.number().int().min(1).max(32).default(8).describe("Most Workers alive at once."),
    isolation: z
      .enum(["shared", "worktree"])
      .default("shared")
      .describe("Workers share the project directory, or each has a git worktree."),
    sandbox: z
      .enum(["required", "off"])
      .default("required")
      .describe(
        "Shell commands run in the kernel's sandbox or not at all. `off` weakens: never read from a repository.",
      ),
    maxRetries: z.number().int().min(0).max(10).default(3).describe("How often one Worker may be retried."),
    continuations: z
      .number()
      .int()
      .min(0)
      .max(10)
      .default(3)
      .describe("How often the Commander is sent on without progress before the person is asked."),
    loopLimit: z
      .number()
      .int()
      .min(2)
      .max(100)
      .default(6)
      .describe("Identical tool calls in a row that count as a loop."),
    takeUps: z
      .number()
      .int()
      .min(0)
      .max(20)
      .default(5)
      .describe("How often a Worker whose model request failed, or the Commander, is taken up again in its session."),
    takeUpWait_s: seconds(10, "Wait before the first such take-up; each further one waits twice as long, up to 120 s."),
    toolOutput: z
      .strictObject({
        commander: characters(40_000, "Of a result for the Commander."),
        worker: characters(24_000, "Of a result for a Worker."),
        scout: characters(24_000, "Of a result for a Scout."),
        librarian: characters(24_000, "Of a result for a Librarian."),
      })
      .prefault({})
      .describe("Most characters of one tool result; what is left out is counted and can be asked for."),
  })
  .prefault({})
  .describe("The swarm of Workers.");

/** `sandbox`: what its commands may reach. */
export const sandbox = z
  .strictObject({
    network: z
      .array(
        z
          .string()
          .refine(
            isNetworkEntry,
            "must be `registry`, a host name, `host:port` or `localhost:port`, without wildcards",
          ),
      )
      .default([])
      .describe(
        "What sandboxed commands of Workers, the Commander and QA may reach, through a proxy that allows nothing else: `registry` (the public package registries), hosts, `localhost:port`. Weakens: never read from a repository.",
      ),
  })
  .prefault({})
  .describe("The sandbox of shell commands.");

const qaCommand = z
  .strictObject({
    check: z.string().min(1).describe("Name shown in the QA table."),
    command: z.string().min(1).describe("The command, as a person would type it in the project's root."),
    timeout_s: z.number().int().min(1).max(86_400).optional().describe("Time limit in seconds."),
  })
  .describe("One check of the project.");

/** `workflow`: the order of work and its checks. */
export const workflow = z
  .strictObject({
    design: z
      .enum(["required", "optional"])
      .default("required")
      .describe("Whether a person must approve a design first. `optional` weakens: never read from a repository."),
    skipPhrases: names(
      [],
      "Further words by which a person asks to skip the design. Weakens: never read from a repository.",
    ),
    qa: z.array(qaCommand).default([]).describe("The project's checks; they replace what is found by itself."),
  })
  .prefault({})
  .describe("The order of work and its checks.");
