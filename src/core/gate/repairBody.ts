import { isObject, type JsonObject, parseJson } from "./json.ts";
import { judgeCall } from "./nativeCalls.ts";
import type { OfferedTool } from "./offeredTools.ts";
import type { RepairInput } from "./repairStream.ts";
import {
  type Allows,
  allowsOf,
  EVERY_REPAIR,
  emptyLedger,
  type Ledger,
  type RepairReport,
  record,
  refuse,
} from "./report.ts";
import { readTextCalls } from "./textCall.ts";
import { judgeHead, watchText } from "./textWatch.ts";
import { usageOf } from "./tokenUsage.ts";

/**
 * The repair of a response that is not streamed.
 *
 * @param body the response body as text
 * @returns the very same text where nothing was repaired
 */
export function repairBody(body: string, input: RepairInput): { body: string; report: RepairReport } {
  const allows = allowsOf(input.switches ?? EVERY_REPAIR);
  const ledger = emptyLedger();
  const parsed = parseJson(body);
  const choices = isObject(parsed) && Array.isArray(parsed.choices) ? parsed.choices.filter(isObject) : [];
  const [first] = choices;
  if (isObject(parsed)) ledger.usage = usageOf(parsed.usage);
  if (typeof first?.finish_reason === "string") ledger.finish = first.finish_reason;
  let changed = false;
  for (const [at, choice] of choices.entries()) {
    const index = typeof choice.index === "number" ? choice.index : at;
    const id = isObject(parsed) ? String(parsed.id ?? "").replace(/[^\w-]/g, "") : "";
    changed = repairMessage(choice, { index, id, tools: input.tools, allows, ledger }) || changed;
  }
  ledger.finished = choices.length > 0 && choices.every((choice) => typeof choice.finish_reason === "string");
  return { body: changed ? JSON.stringify(parsed) : body, report: ledger };
}

interface Context {
  index: number;
  id: string;
  tools: readonly OfferedTool[];
  allows: Allows;
  ledger: Ledger;
}

function repairMessage(choice: JsonObject, context: Context): boolean {
  const message = choice.message;
  if (!isObject(message)) return false;
  const { allows, ledger, index } = context;
  const reason = choice.finish_reason;
  const end = { cut: reason === "length" || reason === "content_filter" };
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls.filter(isObject) : [];
  if (calls.length > 0) {
    let changed = false;
    for (const call of calls) changed = repairCall(call, end, context) || changed;
    if (reason !== "stop" || !allows("finishReason")) return changed;
    record(ledger, { kinds: ["finishReason"], choice: index, tool: "", before: reason, after: "tool_calls" });
    choice.finish_reason = "tool_calls";
    return true;
  }
  if (typeof message.content === "string" && repairContent(choice, message, message.content, end, context)) return true;
  if (reason !== "tool_calls" || !allows("emptyCall")) return false;
  choice.finish_reason = "stop";
  ledger.runaway = { kind: "emptyCall", choice: index };
  record(ledger, { kinds: ["emptyCall"], choice: index, tool: "", before: reason, after: "stop" });
  return true;
}

function repairCall(call: JsonObject, end: { cut: boolean }, context: Context): boolean {
  const given = call.function;
  if (!isObject(given) || context.tools.length === 0) return false;
  const [name, text] = [String(given.name ?? ""), typeof given.arguments === "string" ? given.arguments : ""];
  const verdict = judgeCall(name, text, context.tools, context.allows, end);
  if (verdict.kind === "refused") refuse(context.ledger, { choice: context.index, tool: name, reason: verdict.reason });
  if (verdict.kind !== "repaired") return false;
  given.name = verdict.name;
  given.arguments = verdict.text;
  const [before, after] = [`${name}(${text})`, `${verdict.name}(${verdict.text})`];
  record(context.ledger, { kinds: verdict.kinds, choice: context.index, tool: verdict.name, before, after });
  return true;
}

function repairContent(
  choice: JsonObject,
  message: JsonObject,
  content: string,
  end: { cut: boolean },
  context: Context,
): boolean {
  const start = callStart(content, context.tools);
  const candidate = start < 0 ? "" : content.slice(start);
  const calls = start < 0 ? undefined : readTextCalls(candidate, context.tools, context.allows, end);
  if (!calls) return false;
  const before = content.slice(0, start);
  message.content = before.trim() === "" ? null : before;
  message.tool_calls = calls.map((call, at) => ({
    id: `call_${context.id}_${context.index}_${at}`,
    type: "function",
    function: { name: call.name, arguments: call.arguments },
  }));
  if (!end.cut) choice.finish_reason = "tool_calls";
  for (const call of calls) {
    const after = `${call.name}(${call.arguments})`;
    record(context.ledger, { kinds: call.kinds, choice: context.index, tool: call.name, before: candidate, after });
  }
  return true;
}

/** Where the text's call begins, or -1; found as the streaming repair finds it. */
function callStart(text: string, tools: readonly OfferedTool[]): number {
  if (tools.length === 0) return -1;
  const watch = watchText();
  let at = watch.scan(text, 0);
  while (at >= 0) {
    if (!watch.talks() && judgeHead(text.slice(at), tools) === "call") {
      const rest = text.slice(at);
      const close = rest.startsWith("`") ? rest.lastIndexOf("\n```") : -1;
      if (close <= 0 || rest.slice(close + 4).trim() === "") return at;
    }
    watch.skip(text.slice(at, at + 1));
    at = watch.scan(text, at + 1);
  }
  return -1;
}
