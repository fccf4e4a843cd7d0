import { z } from "zod";
import { EVERY_REPAIR_KIND } from "../core/gate/report.ts";
import { flag, seconds } from "./fields.ts";

/** `gate`: repairs, time limits and turns of model requests. */
export const gate = z
  .strictObject({
    repair: z
      .strictObject({
        textCalls: flag(true, "Tool calls written as text become tool calls."),
        arguments: flag(true, "Arguments are mended to fit the tool's schema."),
        toolNames: flag(true, "A nearly right tool name is corrected."),
        runaway: flag(true, "Endless repetition is cut."),
        history: flag(true, "Malformed arguments in a session's history are made valid before it is sent."),
        except: z
          .array(z.enum(EVERY_REPAIR_KIND))
          .default([])
          .describe("Single kinds that stay off though their group is on; docs/model-gate.md lists them."),
        everySession: flag(false, "Repair sessions outside a swarm too."),
      })
      .prefault({})
      .describe("Repair of model responses, by kind."),
    admission: flag(
      true,
      "Model requests of the swarm wait for their turn at the house's own servers: by role, and by what fits the GPU.",
    ),
    priority: flag(
      false,
      "Send each role's priority with its requests, the Commander's first. Only for a server with `--scheduling-policy priority`; others refuse such a request.",
    ),
    limits: z
      .strictObject({
        firstByte_s: seconds(280, "Longest wait for the first byte of an answer, a server's queue included."),
        stalled_s: seconds(
          90,
          "So long without a first byte, and a server that queues nothing, is a stall; after twice that the request is ended.",
        ),
        silence_s: seconds(120, "Longest silence in the middle of an answer."),
        retries: z.number().int().min(0).max(20).default(3).describe("Most further tries of a request that failed."),
        retryWait_s: seconds(30, "Most time spent waiting between the tries of one request."),
      })
      .prefault({})
      .describe("Time limits of model requests, in seconds, and how often they are tried again."),
  })
  .prefault({})
  .describe("The function every model request passes.");
