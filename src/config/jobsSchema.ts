import { z } from "zod";
import { flag } from "./fields.ts";

const jobNotify = z
  .strictObject({
    file: flag(true, "A line `timestamp|task_id|exit_code|STATUS` in the notifications file."),
    chat: flag(true, "The chat that started a job hears of its end and is woken."),
    desktop: flag(true, "A notification on the screen, where there is one."),
    webhook: z
      .strictObject({
        url: z
          .url({ protocol: /^https?$/ })
          .optional()
          .describe("Gets a POST at the end of each job. Weakens: never read from a repository."),
        secretEnv: z
          .string()
          .regex(/^[A-Za-z_]\w*$/, "must be the name of an environment variable")
          .optional()
          .describe(
            "Environment variable that holds the secret which signs requests. Weakens: never read from a repository.",
          ),
        body: z
          .enum(["json", "slack"])
          .default("json")
          .describe("The event as JSON, or `{text}` as Slack's incoming webhooks take it."),
      })
      .prefault({})
      .describe("A webhook. It is told how a job went, nothing of what was asked or answered."),
    email: z
      .strictObject({
        to: z.email().optional().describe("Gets a mail at the end of each job. Weakens: never read from a repository."),
        from: z.email().optional().describe("Its sender. Weakens: never read from a repository."),
      })
      .prefault({})
      .describe("A mail by the system's sendmail."),
  })
  .prefault({})
  .describe("Who is told that a job ended.");

/** `jobs`: work outside a chat, and who is told of its end. */
export const jobs = z
  .strictObject({
    engine: z.enum(["local", "bullmq"]).default("local").describe("Where background jobs run."),
    redis: z
      .string()
      .regex(/^rediss?:\/\/\S+$/, "must be a redis:// or rediss:// address")
      .optional()
      .describe(
        "Redis of the `bullmq` engine; else REDIS_URL, else redis://127.0.0.1:6379. Weakens: never read from a repository.",
      ),
    foregroundBelowMs: z
      .number()
      .int()
      .min(0)
      .default(10_000)
      .describe("Jobs estimated shorter run in the foreground."),
    backgroundAboveMs: z.number().int().min(0).default(60_000).describe("Jobs estimated longer run in the background."),
    between: z
      .enum(["ask", "foreground", "background"])
      .default("ask")
      .describe("Where a job runs that is estimated between these two, when a chat asks for it."),
    inChats: flag(
      false,
      "OpenCode's own agent `build` has the tools start_job and job_status; without them its requests stay as they are without the plugin.",
    ),
    onComplete: z
      .array(z.string())
      .default([])
      .describe(
        "A command of your own, as a list of words, run at the end of each job with the job as JSON on its standard input. Weakens: never read from a repository.",
      ),
    notify: jobNotify,
  })
  .prefault({})
  .describe("Work outside a chat.");
