import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { takeWakeLines } from "../../adapters/claude/wakeLines.ts";
import { stateHome } from "../../config/stateHome.ts";
import type { HookAnswer, HookInput } from "../../core/claude/hookInput.ts";
import { HANDOFF_FILE } from "../../core/context/handoffTool.ts";
import { homeOf } from "../config/load.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { findProjectRoot } from "../projectRoot.ts";

/** A handoff that lies there longer (ms) is no news. */
const FRESH_MS = 24 * 3_600_000;

/** A session begins in Claude Code: it is told of jobs that ended and of a handoff that lies in the project. */
export async function sessionHook(io: Io, { session_id: session, cwd }: HookInput): Promise<HookAnswer> {
  const lines = takeWakeLines(stateHome(io.env, homeOf(io)), session);
  const root = await findProjectRoot(cwd);
  const file = root === undefined ? undefined : join(root, HANDOFF_FILE);
  if (file !== undefined && existsSync(file) && Date.now() - statSync(file).mtimeMs < FRESH_MS)
    lines.push(say("en", "claude.session.handoff", { file: HANDOFF_FILE }));
  return lines.length === 0 ? {} : { context: lines.join("\n") };
}
