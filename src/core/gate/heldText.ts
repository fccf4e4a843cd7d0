import type { StreamEvent } from "./eventQueue.ts";
import { isObject, type JsonObject } from "./json.ts";
import type { OfferedTool } from "./offeredTools.ts";
import { judgeHead, watchText } from "./textWatch.ts";

interface Piece {
  event: StreamEvent;
  choice: JsonObject;
  /** Where this piece's content begins, counted from the candidate's first character (negative before it). */
  start: number;
}

/** The text of one choice, of which the part that may be a call is held. */
export interface HeldText {
  add(event: StreamEvent, choice: JsonObject, text: string): void;
  /** The text in doubt, empty where there is none. */
  candidate(): string;
  /** Whether the candidate names an offered tool. */
  likely(): boolean;
  /** Order of the first event in doubt. */
  doubt(): number;
  /** The candidate is text after all, and what follows is no longer watched. */
  letGo(): void;
  /** Takes the candidate out of its events. Returns content left in `last`, which then is to be sent before it. */
  takeOut(last?: StreamEvent): string;
}

export function holdText(tools: readonly OfferedTool[]): HeldText {
  const watch = watchText();
  let text = "";
  let pieces: Piece[] = [];
  let likely = false;
  let off = tools.length === 0;

  function clear(): void {
    [text, pieces, likely] = ["", [], false];
  }

  /** Drops what is no call and looks for the next place where one may begin. */
  function settle(): void {
    while (text !== "") {
      if (likely) {
        if (!endedFence(text)) return;
      } else {
        const verdict = watch.talks() ? "text" : judgeHead(text, tools);
        likely = verdict === "call";
        if (verdict !== "text") return;
      }
      likely = false;
      watch.skip(text.slice(0, 1));
      const at = watch.scan(text, 1);
      if (at < 0) {
        clear();
        return;
      }
      const from = pieces.findLastIndex((piece) => piece.start <= at);
      pieces = pieces.slice(from).map((piece) => ({ ...piece, start: piece.start - at }));
      text = text.slice(at);
    }
  }

  return {
    add(event, choice, added) {
      if (off) return;
      if (text !== "") {
        pieces.push({ event, choice, start: text.length });
        text += added;
      } else {
        const at = watch.scan(added, 0);
        if (at < 0) return;
        pieces = [{ event, choice, start: -at }];
        text = added.slice(at);
      }
      settle();
    },
    candidate: () => text,
    likely: () => likely,
    doubt: () => pieces[0]?.event.order ?? Number.POSITIVE_INFINITY,
    letGo() {
      off = true;
      clear();
    },
    takeOut(last) {
      let left = "";
      for (const { event, choice, start } of pieces) {
        const delta = choice.delta;
        if (!isObject(delta) || typeof delta.content !== "string") continue;
        event.changed = true;
        const kept = start < 0 ? delta.content.slice(0, -start) : "";
        if (kept === "" || event === last) delete delta.content;
        else delta.content = kept;
        if (event === last) left = kept;
      }
      clear();
      return left;
    },
  };
}

/** A fence that has ended with text behind it was shown, not called. */
function endedFence(text: string): boolean {
  if (!text.startsWith("`")) return false;
  const close = text.lastIndexOf("\n```");
  return close > 0 && text.slice(close + 4).trim() !== "";
}
