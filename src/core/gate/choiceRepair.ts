import { chunkLike, type StreamEvent } from "./eventQueue.ts";
import { holdText } from "./heldText.ts";
import { isObject, type JsonObject } from "./json.ts";
import { judgeCall, type OpenCall, removeCall, rewriteCall } from "./nativeCalls.ts";
import type { OfferedTool } from "./offeredTools.ts";
import type { CallEnd } from "./repairArguments.ts";
import { watchRepetition } from "./repetition.ts";
import { type Allows, type Ledger, REPAIR_KINDS, type RunawayKind, record, refuse } from "./report.ts";
import { readTextCalls, type TextCall } from "./textCall.ts";

export interface RepairContext {
  tools: readonly OfferedTool[];
  allows: Allows;
  ledger: Ledger;
}

/** The repair of one choice of a stream. */
export interface ChoiceRepair {
  /** Takes what one event says about this choice; says what runs away once that is beyond doubt. */
  take(event: StreamEvent, choice: JsonObject): RunawayKind | undefined;
  /** Order of the first event that may still be changed; infinite where there is none. */
  doubt(): number;
  finished(): boolean;
  /** Everything held goes out as it came. */
  letGo(): void;
  /**
   * Ends the choice before it ended itself: whole calls stay, what is not whole is taken out.
   *
   * @param like a chunk of the stream, after which the closing chunks are made
   * @returns the chunks to send behind everything held
   */
  close(like: JsonObject): JsonObject[];
  /** The stream says it is over, but gave no finish reason: as `close`, but nothing is taken out or added needlessly. */
  settle(like: JsonObject): JsonObject[];
}

export function repairChoice(index: number, context: RepairContext): ChoiceRepair {
  const { tools, allows, ledger } = context;
  const text = holdText(tools);
  let holds = tools.length > 0 && [...REPAIR_KINDS.arguments, ...REPAIR_KINDS.toolNames].some(allows);
  const watches = { content: watchRepetition(), reasoning: watchRepetition(), arguments: watchRepetition() };
  let open: OpenCall[] = [];
  /** Calls the server recognised, those taken out as empty too. */
  let seen = 0;
  let finished = false;
  /** A call without name and arguments was taken out, and counted. */
  let emptied = false;

  function takeCalls(event: StreamEvent, delta: JsonObject): RunawayKind | undefined {
    if (!Array.isArray(delta.tool_calls)) return undefined;
    let runaway: RunawayKind | undefined;
    for (const entry of delta.tool_calls) {
      if (!isObject(entry)) continue;
      const given = isObject(entry.function) ? entry.function : {};
      const name = typeof given.name === "string" ? given.name : "";
      const piece = typeof given.arguments === "string" ? given.arguments : "";
      // The server found the calls itself: text about them is text.
      text.letGo();
      seen ||= holds ? 0 : 1;
      runaway ??= watches.arguments.add(piece);
      if (!holds) continue;
      const call = callOf(entry, name);
      call.name ||= name;
      call.text += piece;
      call.parts.push({ event, delta, entry });
    }
    return runaway;
  }

  function callOf(entry: JsonObject, name: string): OpenCall {
    const last = open.at(-1);
    const at = typeof entry.index === "number" ? entry.index : (last?.index ?? 0);
    const found = open.find((call) => call.index === at);
    if (found) return found;
    // Calls that are right need not wait for the next ones.
    open = open.filter((call) => judgeCall(call.name, call.text, tools, allows, { cut: true }).kind !== "fine");
    const call: OpenCall = { index: at, name, text: "", parts: [] };
    open.push(call);
    seen += 1;
    return call;
  }

  /** Repairs the open calls. With `drop`, those that are not whole are taken out. Returns how many stay. */
  function settleCalls(end: CallEnd, drop: boolean): number {
    let kept = 0;
    for (const call of open) {
      if (call.name.trim() === "" && call.text.trim() === "" && allows("emptyCall")) {
        removeCall(call);
        if (!emptied)
          record(ledger, {
            kinds: ["emptyCall"],
            choice: index,
            tool: "",
            before: `${call.name}(${call.text})`,
            after: "",
          });
        emptied = true;
        continue;
      }
      const verdict = judgeCall(call.name, call.text, tools, allows, end);
      if (verdict.kind === "refused") {
        if (tools.length > 0) refuse(ledger, { choice: index, tool: call.name, reason: verdict.reason });
        if (drop) removeCall(call);
      } else if (verdict.kind === "repaired") {
        rewriteCall(call, verdict.name, verdict.text);
        record(ledger, {
          kinds: verdict.kinds,
          choice: index,
          tool: verdict.name,
          before: `${call.name}(${call.text})`,
          after: `${verdict.name}(${verdict.text})`,
        });
      }
      if (verdict.kind !== "refused" || !drop) kept += 1;
    }
    open = [];
    return kept;
  }

  function textCalls(end: CallEnd): TextCall[] {
    const candidate = text.candidate();
    if (candidate === "" || seen > 0) return [];
    const calls = readTextCalls(candidate, tools, allows, end);
    if (!calls && text.likely())
      refuse(ledger, { choice: index, tool: "", reason: "the text begins like a call, but is none that fits a tool" });
    for (const call of calls ?? []) {
      const after = `${call.name}(${call.arguments})`;
      record(ledger, { kinds: call.kinds, choice: index, tool: call.name, before: candidate, after });
    }
    return calls ?? [];
  }

  function callChunks(calls: readonly TextCall[], like: JsonObject): JsonObject[] {
    const id = String(like.id ?? "").replace(/[^\w-]/g, "");
    return calls.map((call, at) =>
      chunkLike(like, index, {
        tool_calls: [
          {
            index: at,
            id: `call_${id}_${index}_${at}`,
            type: "function",
            function: { name: call.name, arguments: call.arguments },
          },
        ],
      }),
    );
  }

  function finish(event: StreamEvent, choice: JsonObject, reason: string): void {
    finished = true;
    const end = { cut: reason === "length" || reason === "content_filter" };
    const calls = textCalls(end);
    const like = event.chunk ?? {};
    if (calls.length > 0) {
      const left = text.takeOut(event);
      const delta = isObject(choice.delta) ? choice.delta : {};
      if (left !== "") event.before.push(chunkLike(like, index, { ...delta, content: left }));
      event.before.push(...callChunks(calls, like));
      if (end.cut) return;
      choice.finish_reason = "tool_calls";
      event.changed = true;
      return;
    }
    text.letGo();
    const passed = seen - open.length;
    const total = passed + settleCalls(end, false);
    if (reason === "tool_calls" && total === 0 && allows("emptyCall")) {
      choice.finish_reason = "stop";
      event.changed = true;
      ledger.runaway ??= { kind: "emptyCall", choice: index };
      if (!emptied) record(ledger, { kinds: ["emptyCall"], choice: index, tool: "", before: reason, after: "stop" });
    } else if (reason === "stop" && total > 0 && allows("finishReason")) {
      choice.finish_reason = "tool_calls";
      event.changed = true;
      record(ledger, { kinds: ["finishReason"], choice: index, tool: "", before: reason, after: "tool_calls" });
    }
  }

  return {
    take(event, choice) {
      const delta = isObject(choice.delta) ? choice.delta : undefined;
      let runaway: RunawayKind | undefined;
      if (delta) {
        const reasoning = delta.reasoning_content ?? delta.reasoning;
        if (typeof reasoning === "string") runaway = watches.reasoning.add(reasoning);
        if (typeof delta.content === "string" && delta.content !== "") {
          runaway ??= watches.content.add(delta.content);
          text.add(event, choice, delta.content);
        }
        runaway ??= takeCalls(event, delta);
      }
      if (typeof choice.finish_reason === "string") finish(event, choice, choice.finish_reason);
      return runaway !== undefined && !finished && allows(runaway) ? runaway : undefined;
    },
    doubt: () => Math.min(text.doubt(), open[0]?.parts[0]?.event.order ?? Number.POSITIVE_INFINITY),
    finished: () => finished,
    letGo() {
      text.letGo();
      open = [];
      holds = false;
    },
    close(like) {
      if (finished) return [];
      finished = true;
      const calls = textCalls({ cut: true });
      text.takeOut();
      const passed = seen - open.length;
      const kept = settleCalls({ cut: true }, true);
      const reason = calls.length + kept + passed > 0 ? "tool_calls" : "stop";
      return [...callChunks(calls, like), chunkLike(like, index, {}, reason)];
    },
    settle(like) {
      if (finished) return [];
      const calls = textCalls({ cut: true });
      if (calls.length > 0) {
        text.takeOut();
        finished = true;
        return [...callChunks(calls, like), chunkLike(like, index, {}, "tool_calls")];
      }
      text.letGo();
      settleCalls({ cut: true }, false);
      return [];
    },
  };
}
