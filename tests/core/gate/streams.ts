import { readFileSync } from "node:fs";
import { z } from "zod";
import { type OfferedTool, offeredTools } from "../../../src/core/gate/offeredTools.ts";
import { createRepair, type RepairInput } from "../../../src/core/gate/repairStream.ts";
import type { RepairReport } from "../../../src/core/gate/report.ts";

const folder = new URL("../../fixtures/tool-calls/", import.meta.url);
const callShape = z.object({ name: z.string(), arguments: z.string() });
const caseShape = z.object({
  kind: z.string(),
  source: z.string(),
  finish: z.string(),
  content: z.string().optional(),
  call: callShape.optional(),
  intended: z.array(z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) })).nullable(),
});
/** A malformed call with what it meant; `null`: it must stay as it is. */
export type CorpusCase = z.infer<typeof caseShape>;

export const tools: OfferedTool[] = offeredTools({
  tools: JSON.parse(readFileSync(new URL("tools.json", folder), "utf8")),
});

export function corpus(file: string): CorpusCase[] {
  const lines = readFileSync(new URL(file, folder), "utf8").split("\n").filter(Boolean);
  return lines.map((line) => caseShape.parse(JSON.parse(line)));
}

/** What a response says, read the plain way. */
export interface Message {
  content: string;
  calls: { name: string; arguments: string }[];
  finish: string | undefined;
  done: boolean;
}

/** Server-sent events as vLLM writes them, the text of each field cut every `size` characters. */
export function streamOf(
  message: { content?: string | undefined; calls?: { name: string; arguments: string }[]; finish: string | undefined },
  size = 7,
  eol = "\n",
): string {
  const events: string[] = [];
  const send = (delta: object, finish: string | null = null) =>
    events.push(
      `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] })}${eol}${eol}`,
    );
  send({ role: "assistant", content: "" });
  for (const piece of cut(message.content ?? "", size)) send({ content: piece });
  for (const [index, call] of (message.calls ?? []).entries()) {
    send({
      tool_calls: [{ index, id: `call_${index}`, type: "function", function: { name: call.name, arguments: "" } }],
    });
    for (const piece of cut(call.arguments, size)) send({ tool_calls: [{ index, function: { arguments: piece } }] });
  }
  if (message.finish !== undefined) send({}, message.finish);
  events.push(
    `data: ${JSON.stringify({ id: "chatcmpl-1", choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } })}${eol}${eol}`,
  );
  events.push(`data: [DONE]${eol}${eol}`);
  return events.join("");
}

function cut(text: string, size: number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += size) pieces.push(text.slice(at, at + size));
  return pieces;
}

/** Reads a stream as a client does: whole events only, deltas put together. */
export function readStream(text: string): Message {
  const message: Message = { content: "", calls: [], finish: undefined, done: false };
  for (const event of text.split(/\r?\n\r?\n/)) {
    const data = event
      .split(/\r?\n/)
      .find((line) => line.startsWith("data: "))
      ?.slice(6);
    if (data === "[DONE]") message.done = true;
    if (data === undefined || data === "[DONE]") continue;
    for (const choice of JSON.parse(data).choices) {
      message.content += choice.delta.content ?? "";
      message.finish = choice.finish_reason ?? message.finish;
      for (const part of choice.delta.tool_calls ?? []) {
        message.calls[part.index] ??= { name: "", arguments: "" };
        const call = message.calls[part.index];
        if (!call) continue;
        call.name += part.function.name ?? "";
        call.arguments += part.function.arguments ?? "";
      }
    }
  }
  return message;
}

/** Sends bytes through the repair, cut at the given places. */
export function repaired(
  bytes: Uint8Array,
  cuts: readonly number[],
  input: RepairInput = { tools },
): { bytes: Uint8Array; report: RepairReport } {
  const repair = createRepair(input);
  const out: Uint8Array[] = [];
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    out.push(...repair.push(bytes.slice(from, to)));
    from = to;
  }
  out.push(...repair.end());
  return { bytes: Buffer.concat(out), report: repair.report() };
}

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
export const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
