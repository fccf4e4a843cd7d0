import { readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { plainLine } from "../../core/view/cells.ts";
import { hasCode } from "../../ports/thrown.ts";
import { parsed } from "../view/readJson.ts";

const wakeLine = z.looseObject({ text: z.string().optional(), message: z.string().optional() });
/** Most lines told at once, and characters of one. */
const LINES = 20;
const LONGEST = 500;

/**
 * What has happened since a Claude Code session was last told, as lines of `<state>/claude/wake/<session>.jsonl`; taken away
 * with the reading. A line is an object with `text` (or `message`).
 */
export function takeWakeLines(stateHome: string, session: string): string[] {
  const path = join(stateHome, "claude", "wake", `${session.replace(/[^\w-]/gu, "_")}.jsonl`);
  const mine = `${path}.${process.pid}.taken`;
  try {
    renameSync(path, mine);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
  const lines = readFileSync(mine, "utf8").split("\n");
  rmSync(mine, { force: true });
  return lines
    .flatMap((line) => {
      const { text, message } = wakeLine.safeParse(parsed(line)).data ?? {};
      const words = text ?? message ?? "";
      return words === "" ? [] : [plainLine(words).slice(0, LONGEST)];
    })
    .slice(-LINES);
}
