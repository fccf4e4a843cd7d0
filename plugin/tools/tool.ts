import { z } from "zod";
import type { Refusal } from "../../src/core/workflow/refusal.ts";
import { refusal, renderRefusal } from "../../src/core/workflow/refusal.ts";
import type { Swarm, Worker } from "../../src/core/workflow/state.ts";
import { workerOfSession } from "../../src/core/workflow/state.ts";
import { needLease } from "../../src/runtime/holdLease.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";

/** One call of a tool, as any host gives it. */
export interface ToolCall {
  session: string;
  signal: AbortSignal;
  /** Live title of the running call. */
  title(text: string): void;
}

/** A tool as plain data: a host's registration is made from it. */
export interface SwarmTool<S extends z.ZodRawShape = z.ZodRawShape> {
  name: string;
  /** Who may call it; checked against the calling session, whatever the host offered. */
  role: "commander" | "worker";
  description: string;
  args: S;
  /** Returns the text the model reads. A refusal is text too; only failures throw. */
  run(services: SwarmServices, args: z.output<z.ZodObject<S>>, call: ToolCall): Promise<string>;
}

export function defineTool<S extends z.ZodRawShape>(tool: SwarmTool<S>): SwarmTool {
  // The one place where a tool's own argument type is forgotten: callTool parses with the same shape before it runs.
  return tool as unknown as SwarmTool;
}

/** Parses the arguments, checks that the call comes from the right session, runs the tool. */
export async function callTool(
  tool: SwarmTool,
  services: SwarmServices,
  input: unknown,
  call: ToolCall,
): Promise<string> {
  const parsed = z.strictObject(tool.args).safeParse(input);
  if (!parsed.success) return renderRefusal(badArguments(tool, parsed.error));
  const held = await needLease(services);
  if (held) return renderRefusal(held);
  const wrongCaller = tool.role === "commander" ? needCommander(services, call.session) : undefined;
  if (wrongCaller) return renderRefusal(wrongCaller);
  return tool.run(services, parsed.data, call);
}

function badArguments(tool: SwarmTool, error: z.ZodError): Refusal {
  const problems = error.issues.map((issue) => {
    const place = issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
    return `${place}${issue.message}`;
  });
  const known = Object.keys(tool.args).join(", ") || "none";
  return refusal(
    "bad-arguments",
    `${tool.name} was not called: ${problems.join("; ")}.`,
    `call it again with these arguments: ${known}.`,
  );
}

function needCommander(services: SwarmServices, session: string): Refusal | undefined {
  const state = services.swarm.state;
  if (!state || state.session === session) return undefined;
  return refusal(
    "other-session",
    `swarm ${state.id} (${state.phase}) belongs to another session (${state.session}).`,
    "go on there, or end it with /abort-swarm; then write to the Commander here.",
  );
}

/** The Worker a session belongs to, or the refusal that says there is none. */
export function callingWorker(services: SwarmServices, call: ToolCall): { swarm: Swarm; worker: Worker } | Refusal {
  const swarm = services.swarm.state;
  const worker = swarm && workerOfSession(swarm, call.session);
  if (swarm && worker) return { swarm, worker };
  return refusal("not-a-worker", "this session is no Worker of the open swarm.", "stop here and tell the person.");
}

/** Some local models send an array as a JSON string: what it meant is taken, anything else is left for the error. */
export function listOf<T extends z.ZodType>(item: T, bounds?: { min?: number }) {
  const list = bounds?.min === undefined ? z.array(item) : z.array(item).min(bounds.min);
  return z.preprocess((value) => {
    if (typeof value !== "string") return value;
    try {
      return JSON.parse(value) as unknown;
    } catch (error) {
      if (error instanceof SyntaxError) return value;
      throw error;
    }
  }, list);
}
