import { existsSync } from "node:fs";
import { join } from "node:path";
import { transcriptNotes } from "../../adapters/claude/transcriptNotes.ts";
import { takeWakeLines } from "../../adapters/claude/wakeLines.ts";
import { writeNotes } from "../../adapters/context/sessionFiles.ts";
import type { Config } from "../../config/schema.ts";
import { stateHome } from "../../config/stateHome.ts";
import { type HookAnswer, type HookInput, typedCommand } from "../../core/claude/hookInput.ts";
import { handoffThreshold, handoffWord } from "../../core/context/handoffSign.ts";
import { HANDOFF_FILE, HANDOFF_TOOLS, type HandoffTool, typedLine } from "../../core/context/handoffTool.ts";
import { withWords } from "../../core/context/sessionNotes.ts";
import { stillHolds } from "../../core/routing/limits/usage.ts";
import { homeOf, soundConfig } from "../config/load.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { findProjectRoot } from "../projectRoot.ts";
import { routingState, withState } from "../routing/load.ts";

/** A chat of Claude Code's in a project. */
interface Chat {
  io: Io;
  config: Config;
  session: string;
  /** The repository's root; undefined outside one. */
  project: string | undefined;
  /** Makes the chat's notes newest, where they are kept or `always`. */
  note(always: boolean): void;
}

/**
 * A person wrote to Claude Code: commands of ours are carried out, a word or a full limit offers a handoff (or, with
 * `autoHandoff`, writes it), and jobs that ended meanwhile are told.
 */
export async function promptHook(io: Io, input: HookInput): Promise<HookAnswer> {
  const here: Io = { ...io, cwd: input.cwd };
  const { config } = await soundConfig(here);
  const project = await findProjectRoot(input.cwd);
  const { session_id: session, prompt } = input;
  const typed = typedCommand(prompt);
  const note = (always: boolean) => {
    const stateDir = project === undefined ? undefined : join(project, ".aegis");
    if (stateDir === undefined || (!always && !existsSync(stateDir))) return;
    const now = Date.now();
    const notes = transcriptNotes(input.transcript_path, session, now);
    writeNotes(stateDir, typed ? { ...notes, at: now } : withWords(notes, prompt, now));
  };
  const chat: Chat = { io: here, config, session, project, note };
  const wake = takeWakeLines(stateHome(io.env, homeOf(io)), session);
  note(false);
  const answer = typed ? await carriedOut(chat, typed) : await offered(chat, prompt);
  const context = [...wake, ...(answer.context === undefined ? [] : [answer.context])].join("\n");
  return { ...answer, ...(context === "" ? {} : { context }) };
}

async function carriedOut(chat: Chat, typed: NonNullable<ReturnType<typeof typedCommand>>): Promise<HookAnswer> {
  const { name, words } = typed;
  if (name === "handoff") {
    const first = words
      .replace(/^--to[ =]/, "")
      .split(/\s+/)[0]
      ?.toLowerCase();
    const to = HANDOFF_TOOLS.find((tool) => tool === first);
    const task =
      to === undefined
        ? words
        : words
            .replace(/^--to[ =]/, "")
            .slice(to.length)
            .trim();
    return told(await handedOver(chat, to ?? "opencode", task));
  }
  if (name === "cancel-autopilot") return told(say(chat.io.lang, "claude.cancelAutopilot"));
  if (name === "fusion-setup" || name === "fusion-default-on" || name === "fusion-default-off") {
    const { fusionWords } = await import("./fusionCommand.ts");
    return told(await fusionWords(chat.io, name));
  }
  if (words === "") return told(say(chat.io.lang, "claude.noTask", { name }));
  return told(await started(chat, name, words));
}

/** For the person now, and for the model, whose command says to repeat it. */
function told(text: string): HookAnswer {
  return { message: text, context: text };
}

async function handedOver({ io, session, project, note }: Chat, to: HandoffTool, task: string): Promise<string> {
  if (project === undefined) return say(io.lang, "handoff.noGit", { dir: io.cwd });
  note(true);
  const { handOff } = await import("../../library/context/handOff.ts");
  const words = task === "" ? undefined : task;
  const done = handOff({ projectPath: project, to, from: "claude", session, task: words, env: io.env });
  return [
    say(io.lang, "claude.handoff", { file: HANDOFF_FILE }),
    say(io.lang, "handoff.goOn"),
    `  ${typedLine(done.start)}`,
    `  ${typedLine(done.headless)}`,
  ].join("\n");
}

/** A job of OpenCode's with the person's words, after the handoff that it can read. */
async function started(chat: Chat, name: "hulw" | "ulw" | "autopilot" | "opencode", words: string): Promise<string> {
  const { io, config, project, session } = chat;
  if (project === undefined) return say(io.lang, "handoff.noGit", { dir: io.cwd });
  await handedOver(chat, "opencode", words);
  const { withJobs } = await import("../job/desk.ts");
  const lead = name === "opencode" ? "" : `${name}: `;
  const prompt = `${lead}${words}\n\n${say("en", "claude.job.context", { file: HANDOFF_FILE })}`;
  const agent = name === "autopilot" ? config.agents.commander : undefined;
  return withJobs(io, async (desk) => {
    const { estimate } = await desk.estimate({ prompt, agent, project });
    const job = await desk.start({ prompt, project, via: "claude", session, agent, provider: "local" }, estimate);
    return say(io.lang, "claude.job.started", { id: job.task_id });
  });
}

async function offered(chat: Chat, prompt: string): Promise<HookAnswer> {
  const { io, config } = chat;
  const { autoHandoff, keywords, notifications, threshold } = config;
  const word = handoffWord(prompt, keywords);
  const percent = handoffThreshold(await claudePercents(io), threshold);
  if (word === undefined && percent === undefined) return {};
  const text = autoHandoff
    ? await handedOver(chat, "opencode", "")
    : word !== undefined
      ? say(io.lang, "claude.offer.word", { word })
      : say(io.lang, "claude.offer.threshold", { percent: Math.round(percent ?? 0) });
  const shown =
    !notifications.quietMode && (word === undefined ? notifications.showOnThreshold : notifications.showOnKeyword);
  return { ...(shown ? { message: text } : {}), ...(autoHandoff ? { context: text } : {}) };
}

async function claudePercents(io: Io): Promise<number[]> {
  const windows = await withState(io, () => routingState(io).limits());
  const now = Date.now();
  return windows.flatMap((window) =>
    window.provider === "claude" && window.blocks && window.usedPercent !== undefined && stillHolds(window, now)
      ? [window.usedPercent]
      : [],
  );
}
