import { createHash } from "node:crypto";
import { z } from "zod";
import { ChatRequest } from "../simulator/turn.ts";
import type { Segment, Trace, TraceSession } from "./trace.ts";

/** One line of a recording: who asked, when (ms), the request's body, and when the answer had ended. */
const line = z.looseObject({
  sessionId: z.string().min(1),
  role: z.string().optional(),
  startedAt: z.number(),
  endedAt: z.number().optional(),
  body: ChatRequest,
});

const CHARACTERS = 4;
const ROLES = ["commander", "worker", "scout", "librarian"] as const;

const segmentOf = (text: string): Segment => ({
  id: createHash("sha256").update(text).digest("base64").slice(0, 16),
  tokens: Math.max(1, Math.ceil(text.length / CHARACTERS)),
});

/**
 * Reads requests recorded as JSON Lines (`{sessionId, role, startedAt, endedAt, body}`, as the simulated server keeps them)
 * into a trace. Prompts become lengths and hashes: no text is kept. An answer's length is that of the message the next
 * request of the session repeats, or the request's max_tokens. Throws where a line is no recorded request.
 */
export function readRequests(text: string, name: string): Trace {
  const records = text
    .split("\n")
    .filter((one) => one.trim() !== "")
    .map((one) => line.parse(JSON.parse(one)))
    .sort((a, b) => a.startedAt - b.startedAt);
  const [first] = records;
  if (!first) throw new Error("the file holds no request");
  const bySession = grouped(records);
  const sessions = [...bySession].map(([id, list]): TraceSession => {
    const role = ROLES.find((one) => one === list[0]?.role) ?? "other";
    return {
      id,
      role,
      priority: role === "commander" ? 0 : role === "worker" ? 1 : 2,
      startMs: (list[0]?.startedAt ?? first.startedAt) - first.startedAt,
      turns: list.map((record, index) => {
        const { messages, tools } = record.body;
        const before = list[index - 1];
        const answer = list[index + 1]?.body.messages[messages.length];
        const output =
          answer?.role === "assistant"
            ? segmentOf(JSON.stringify(answer))
            : { id: `${id} answer ${index}`, tokens: record.body.max_tokens ?? 128 };
        return {
          prompt: [
            ...messages.slice(0, 1).map((one) => segmentOf(JSON.stringify(one))),
            ...(tools === undefined ? [] : [segmentOf(JSON.stringify(tools))]),
            ...messages.slice(1).map((one) => segmentOf(JSON.stringify(one))),
          ],
          output,
          pauseMs: before ? Math.max(0, record.startedAt - (before.endedAt ?? before.startedAt)) : 0,
          spawns: [],
        };
      }),
    };
  });
  return { name, sessions };
}

function grouped<R extends { sessionId: string }>(records: readonly R[]): Map<string, R[]> {
  const groups = new Map<string, R[]>();
  for (const record of records) groups.set(record.sessionId, [...(groups.get(record.sessionId) ?? []), record]);
  return groups;
}
