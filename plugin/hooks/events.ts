import { z } from "zod";
import type { SessionTodo } from "../../src/core/context/sessionNotes.ts";
import { UNREADABLE_CALL } from "../../src/core/roles.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import type { SessionRoles } from "../sessionRoles.ts";
import type { HostCall } from "./callLog.ts";
import type { PersonVoice } from "./personVoice.ts";
import type { AnsweredMessage } from "./usage.ts";

const sessionInfo = z.looseObject({
  id: z.string(),
  parentID: z.string().nullish(),
  agent: z.string().nullish(),
});
const errorShape = z.looseObject({
  name: z.string(),
  data: z.looseObject({ message: z.string().optional() }).optional(),
});

/** The events this plugin listens to, as OpenCode 1.18 sends them; others are skipped. */
const eventSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("session.created"), properties: z.looseObject({ info: sessionInfo }) }),
  z.looseObject({ type: z.literal("session.updated"), properties: z.looseObject({ info: sessionInfo }) }),
  z.looseObject({ type: z.literal("session.deleted"), properties: z.looseObject({ info: sessionInfo }) }),
  z.looseObject({
    type: z.literal("session.status"),
    properties: z.looseObject({ sessionID: z.string(), status: z.looseObject({ type: z.string() }) }),
  }),
  z.looseObject({ type: z.literal("session.idle"), properties: z.looseObject({ sessionID: z.string() }) }),
  z.looseObject({
    type: z.literal("session.error"),
    properties: z.looseObject({ sessionID: z.string().optional(), error: errorShape.optional() }),
  }),
  z.looseObject({
    type: z.literal("question.asked"),
    properties: z.looseObject({
      id: z.string(),
      sessionID: z.string(),
      tool: z.looseObject({ callID: z.string() }).optional(),
    }),
  }),
  z.looseObject({
    type: z.literal("question.replied"),
    properties: z.looseObject({ sessionID: z.string(), requestID: z.string(), answers: z.array(z.array(z.string())) }),
  }),
  z.looseObject({
    type: z.literal("todo.updated"),
    properties: z.looseObject({
      sessionID: z.string(),
      todos: z.array(z.looseObject({ content: z.string(), status: z.string() })),
    }),
  }),
  z.looseObject({
    type: z.literal("permission.asked"),
    properties: z.looseObject({ id: z.string(), sessionID: z.string(), permission: z.string() }),
  }),
  z.looseObject({
    type: z.literal("message.part.updated"),
    properties: z.looseObject({
      part: z.looseObject({
        type: z.literal("tool"),
        sessionID: z.string(),
        callID: z.string(),
        tool: z.string(),
        state: z.looseObject({
          status: z.string(),
          error: z.string().optional(),
          output: z.string().optional(),
          input: z.unknown().optional(),
          // Of the task tool: the session it started. Other tools' may be of any shape.
          metadata: z.looseObject({ sessionId: z.string().optional() }).optional().catch(undefined),
          time: z.looseObject({ start: z.number(), end: z.number().optional() }).optional(),
        }),
      }),
    }),
  }),
  z.looseObject({
    type: z.literal("message.updated"),
    properties: z.looseObject({
      info: z.looseObject({
        id: z.string().optional(),
        role: z.string(),
        sessionID: z.string(),
        agent: z.string().optional(),
        providerID: z.string().optional(),
        modelID: z.string().optional(),
        time: z.looseObject({ created: z.number(), completed: z.number().optional() }).optional(),
        error: z.looseObject({ name: z.string() }).optional(),
        tokens: z
          .looseObject({ input: z.number(), output: z.number(), cache: z.looseObject({ read: z.number() }) })
          .optional(),
      }),
    }),
  }),
]);

export interface EventTargets {
  services: SwarmServices;
  roles: SessionRoles;
  voice: PersonVoice;
  onSessionDeleted(session: string): void;
  /** A tool call runs or has ended; told again and again while it runs. */
  onCall(call: HostCall): Promise<void>;
  /** A tool call ended; `error` where it failed: the host does not ask the hooks about such a one. */
  onCallEnded(session: string, call: string, tool: string, error: string | undefined): Promise<void>;
  onIdle(session: string): void;
  onTodos(session: string, todos: readonly SessionTodo[]): Promise<void>;
  onTokens(session: string, tokens: { input: number; output: number; cached: number }): void;
  /** An answer has ended, well or not; told again when the message changes later. */
  onAnswered(message: AnsweredMessage): void;
}

/** Sorts the host's events to whom they concern. Returns the work it started; never throws synchronously. */
export async function onEvent(input: unknown, targets: EventTargets): Promise<void> {
  if (!concerns(input)) return;
  const parsed = eventSchema.safeParse(input);
  if (!parsed.success) return;
  const { services, roles, voice } = targets;
  const event = parsed.data;
  switch (event.type) {
    case "session.created":
    case "session.updated": {
      const { id, parentID, agent } = event.properties.info;
      return roles.learn({ id, parent: parentID ?? undefined, agent: agent ?? undefined });
    }
    case "session.deleted":
      roles.forget(event.properties.info.id);
      return targets.onSessionDeleted(event.properties.info.id);
    case "session.status":
      if (event.properties.status.type === "idle") return;
      return services.turns.started(event.properties.sessionID);
    case "session.error": {
      const { sessionID, error } = event.properties;
      if (sessionID && error)
        services.turns.failed(sessionID, { name: error.name, message: error.data?.message ?? "" });
      return;
    }
    case "message.part.updated": {
      const { sessionID, callID, tool, state } = event.properties.part;
      const { status, input: args, time, metadata } = state;
      const child = tool === "task" ? metadata?.sessionId : undefined;
      if (time) await targets.onCall({ session: sessionID, call: callID, tool, args, status, time, child });
      if (state.status !== "error" && state.status !== "completed") return;
      // To the host a call that it could not read has ended well: it gave its error as the output.
      const error = tool === UNREADABLE_CALL ? (state.output ?? state.error) : state.error;
      const failed = state.status === "error" || tool === UNREADABLE_CALL;
      return targets.onCallEnded(sessionID, callID, tool, failed ? (error ?? "") : undefined);
    }
    case "session.idle":
      targets.onIdle(event.properties.sessionID);
      return services.turns.idle(event.properties.sessionID);
    case "question.asked":
      return voice.asked(event.properties.id, event.properties.tool?.callID);
    case "question.replied":
      return voice.replied(event.properties.requestID, event.properties.answers);
    case "todo.updated":
      return targets.onTodos(event.properties.sessionID, event.properties.todos);
    case "permission.asked":
      if (await roles.isBelowSwarm(event.properties.sessionID)) await rejectPermission(services, event.properties);
      return;
    case "message.updated": {
      const { role, sessionID, tokens: counted, ...info } = event.properties.info;
      if (info.id !== undefined && info.error) services.turns.messageFailed(sessionID, info.id, info.error.name);
      if (role !== "assistant" || !counted) return;
      const cached = counted.cache.read;
      const tokens = { input: counted.input + cached, output: counted.output, cached };
      targets.onTokens(sessionID, tokens);
      const { id, providerID: provider, modelID: model, time, agent = "none" } = info;
      if (id === undefined || provider === undefined || time?.completed === undefined) return;
      const { created, completed } = time;
      const error = info.error?.name;
      return targets.onAnswered({ id, session: sessionID, agent, provider, model, created, completed, error, tokens });
    }
  }
}

const HEARD: ReadonlySet<unknown> = new Set(eventSchema.options.map(({ shape }) => shape.type.value));

/**
 * A first look, cheap because every piece of text that a model streams comes by, and every message half a dozen times: what it
 * lets through is parsed.
 */
function concerns(input: unknown): boolean {
  const { type, properties } = (input ?? {}) as {
    type?: unknown;
    properties?: { part?: { type?: unknown }; info?: { error?: unknown; time?: { completed?: unknown } } };
  };
  if (type === "message.part.updated") return properties?.part?.type === "tool";
  // Until it has ended, well or not, a message says nothing that counts.
  if (type === "message.updated") return Boolean(properties?.info?.error ?? properties?.info?.time?.completed);
  return HEARD.has(type);
}

/** Nobody sees a question of a child session: without an answer it would wait for ever. */
async function rejectPermission(services: SwarmServices, asked: { id: string; permission: string }): Promise<void> {
  const reason = `Refused (no-permission): ${asked.permission} is not allowed in a swarm session.\nNext step: go on without it.`;
  await services.sessions.rejectPermission(asked.id, reason);
}
