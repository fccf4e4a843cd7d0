import type { OfferedTool } from "./offeredTools.ts";
import { toolMeant } from "./toolName.ts";

/** Of a line only so much is remembered: enough for a fence and for the words before a tag. */
const LINE_KEPT = 300;
/** A head that has not named its tool within so many characters is no call. */
const LONGEST_HEAD = 400;
const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;
/** The text speaks about calls rather than making one. */
const TALK =
  /\b(?:for example|an example|examples?:|example of|format|syntax|templates?|look(?:s|ing)? like|like (?:this|so|that):|e\.g\.|such as|documentation|would (?:write|emit|output))|예시|예를|형식|例如|示例|格式/i;
const HEAD_NAME = /^\{\s*["']?name["']?\s*:\s*["']([^"']*)["']/;
const HEAD_NAME_BEGUN = /^\{\s*(?:["']?(?:n(?:a(?:m(?:e(?:["']?\s*(?::\s*(?:["'][^"']*)?)?)?)?)?)?)?)?$/;
const HEAD_OTHER_KEY = /^\{\s*["']?(?:arguments|parameters|id|type)["']?\s*:/;
const HEAD_OTHER_BEGUN = /^\{\s*["']?[a-z]{0,10}["']?\s*$/;
const FENCE_INFO = /^`{3,}[ \t]*(?:json|tool_call|tool_code|tool)?[ \t]*(\r?\n\s*|\r?$)/;

/** What the head of a possible call says: it may still become one, it names an offered tool, or it is plain text. */
export type HeadVerdict = "wait" | "call" | "text";

/** Follows a text as it grows, line by line, to know where a call may begin: at a line's start, outside code fences. */
export interface TextWatch {
  /**
   * Reads on in `text` from `from`; returns where a call may begin, or -1. Reading then stands before that place, so that
   * what is no call after all is read again with `skip`.
   */
  scan(text: string, from: number): number;
  /** Takes one character as text, whatever it is. */
  skip(character: string): void;
  /** Whether the line before speaks about calls. */
  talks(): boolean;
}

export function watchText(): TextWatch {
  let line = "";
  let before = "";
  let fence: string | undefined;
  /** Inside a paragraph that was announced as an example: its lines are all part of it. */
  let shown = false;

  function lineEnds(): void {
    const mark = FENCE.exec(line);
    const [run = "", info = ""] = mark?.slice(1) ?? [];
    if (fence === undefined) {
      if (run !== "" && !(run.startsWith("`") && info.includes("`"))) fence = run;
    } else if (run.startsWith(fence) && info.trim() === "") fence = undefined;
    if (line.trim() === "") shown = false;
    else if (!shown) before = line;
    line = "";
  }

  return {
    scan(text, from) {
      let at = from;
      while (at < text.length) {
        const here = text.charCodeAt(at);
        if (here === 10) {
          lineEnds();
          at += 1;
          continue;
        }
        const atStart = line === "" || line === " " || line === "  " || line === "   ";
        if (atStart && fence === undefined && (here === 60 || here === 96)) return at;
        if (atStart && here === 32) {
          line += " ";
          at += 1;
          continue;
        }
        const end = text.indexOf("\n", at);
        const stop = end < 0 ? text.length : end;
        if (line.length < LINE_KEPT) line += text.slice(at, Math.min(stop, at + LINE_KEPT));
        at = stop;
      }
      return -1;
    },
    skip(character) {
      if (line.length < LINE_KEPT) line += character;
    },
    talks() {
      shown = TALK.test(before);
      return shown;
    },
  };
}

/** Judges the beginning of a possible call, which may be cut anywhere. */
export function judgeHead(text: string, tools: readonly OfferedTool[]): HeadVerdict {
  if (text.startsWith("`")) return judgeFence(text, tools);
  const opened = "<tool_call>";
  if (!text.startsWith(opened)) return opened.startsWith(text) ? "wait" : judgeFunction(text, tools);
  const inside = text.slice(opened.length, opened.length + LONGEST_HEAD).trimStart();
  if (inside === "") return text.length > LONGEST_HEAD ? "text" : "wait";
  return inside.startsWith("{") ? judgeObject(inside, tools) : judgeFunction(inside, tools);
}

function judgeFunction(text: string, tools: readonly OfferedTool[]): HeadVerdict {
  const start = "<function=";
  if (!text.startsWith(start)) return start.startsWith(text) ? "wait" : "text";
  const end = text.indexOf(">");
  const name = text
    .slice(start.length, end < 0 ? text.length : end)
    .replaceAll('"', "")
    .trim();
  if (end < 0) return name.length > 100 || /[\s<]/.test(name) ? "text" : "wait";
  return toolMeant(name, tools) ? "call" : "text";
}

function judgeObject(text: string, tools: readonly OfferedTool[]): HeadVerdict {
  const name = HEAD_NAME.exec(text);
  if (name) return toolMeant(name[1] ?? "", tools) ? "call" : "text";
  if (HEAD_OTHER_KEY.test(text)) return "call";
  return text.length < LONGEST_HEAD && (HEAD_NAME_BEGUN.test(text) || HEAD_OTHER_BEGUN.test(text)) ? "wait" : "text";
}

function judgeFence(text: string, tools: readonly OfferedTool[]): HeadVerdict {
  const head = text.slice(0, LONGEST_HEAD);
  if (/^`{1,2}[^`]/.test(head)) return "text";
  if (/^`+[ \t]*[a-z_]{0,10}[ \t]*$/.test(head)) return "wait";
  const info = FENCE_INFO.exec(head);
  if (!info) return "text";
  const inside = head.slice(info[0].length);
  if (inside === "") return text.length > LONGEST_HEAD ? "text" : "wait";
  return inside.startsWith("{") ? judgeObject(inside, tools) : "text";
}
