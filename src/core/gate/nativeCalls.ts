import type { StreamEvent } from "./eventQueue.ts";
import { isObject, type JsonObject, parseJson } from "./json.ts";
import type { OfferedTool } from "./offeredTools.ts";
import { type CallEnd, repairArguments } from "./repairArguments.ts";
import type { Allows, RepairKind } from "./report.ts";
import { accepts } from "./schema.ts";
import { toolMeant } from "./toolName.ts";

/** What becomes of a call the server already recognised as one. */
export type CallVerdict =
  | { kind: "fine" }
  | { kind: "repaired"; name: string; text: string; kinds: RepairKind[] }
  | { kind: "refused"; reason: string };

/** Judges a whole call: its name among the offered ones, its arguments against the tool's schema. */
export function judgeCall(
  name: string,
  text: string,
  tools: readonly OfferedTool[],
  allows: Allows,
  end: CallEnd,
): CallVerdict {
  const guess = toolMeant(name, tools);
  if (!guess) return { kind: "refused", reason: `no tool ${JSON.stringify(name)} is offered` };
  const renamed = guess.tool.name !== name;
  if (renamed && !allows("toolName")) return { kind: "refused", reason: "corrections of tool names are off" };
  const verdict = repairArguments(text, guess.tool, allows, end);
  if (!renamed) return verdict.kind === "repaired" ? { ...verdict, name } : verdict;
  if (verdict.kind === "refused") return verdict;
  const right = verdict.kind === "repaired" ? verdict.text : text;
  const { schema } = guess.tool;
  const value = parseJson(right.trim() === "" ? "{}" : right);
  if (
    !guess.sure &&
    (value === undefined || !isObject(value) || !accepts(value, schema, schema) || strange(value, schema))
  )
    return { kind: "refused", reason: `${name} may mean ${guess.tool.name}, but the arguments are not its own` };
  return {
    kind: "repaired",
    name: guess.tool.name,
    text: right,
    kinds: ["toolName", ...(verdict.kind === "repaired" ? verdict.kinds : [])],
  };
}

/** Whether the value has keys the schema does not name. */
function strange(value: JsonObject, schema: unknown): boolean {
  const properties = isObject(schema) && isObject(schema.properties) ? schema.properties : undefined;
  return properties !== undefined && Object.keys(value).some((key) => !Object.hasOwn(properties, key));
}

/** A call as it streams in: its parts are held until it is whole and judged. */
export interface OpenCall {
  index: number;
  name: string;
  text: string;
  parts: { event: StreamEvent; delta: JsonObject; entry: JsonObject }[];
}

/** Puts the repaired call into its first part and takes its other parts out. */
export function rewriteCall(call: OpenCall, name: string, text: string): void {
  const [first, ...others] = call.parts;
  if (!first) return;
  const given = isObject(first.entry.function) ? first.entry.function : {};
  first.entry.function = { ...given, name, arguments: text };
  first.event.changed = true;
  for (const part of others) takeOut(part);
}

/** Takes every part of the call out of the stream. */
export function removeCall(call: OpenCall): void {
  for (const part of call.parts) takeOut(part);
}

function takeOut({ event, delta, entry }: OpenCall["parts"][number]): void {
  event.changed = true;
  const left = Array.isArray(delta.tool_calls) ? delta.tool_calls.filter((other) => other !== entry) : [];
  if (left.length > 0) delta.tool_calls = left;
  else delete delta.tool_calls;
}
