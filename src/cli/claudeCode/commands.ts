import { Argument, type Command } from "commander";
import type { HookAnswer, HookEvent, HookInput } from "../../core/claude/hookInput.ts";
import { messageOf } from "../../ports/thrown.ts";
import type { Io } from "../io.ts";
import { registerStatusline } from "../limits/statusline.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** What Claude Code calls, by the words of our plugin's `hooks.json`. */
const EVENTS = { prompt: "UserPromptSubmit", session: "SessionStart", task: "PreToolUse" } as const satisfies Record<
  string,
  HookEvent
>;

/** `claude-code hook prompt|session|task` and `claude-code statusline`: what `install --claude-code` puts into Claude Code. */
export function registerClaudeCode(program: Command, io: Io): void {
  const group = program.command("claude-code").description(say(io.lang, "claude.description"));
  registerStatusline(group, io);
  group
    .command("hook")
    .description(say(io.lang, "claude.hook.description"))
    .addArgument(new Argument("<event>", say(io.lang, "claude.hook.event")).choices(Object.keys(EVENTS)))
    .addHelpText("after", () => examples(io, ["claude-code hook prompt < input.json"]))
    .action(async (word: keyof typeof EVENTS) => {
      const { hookInputSchema, hookOutput } = await import("../../core/claude/hookInput.ts");
      let answer: HookAnswer;
      try {
        answer = await answerTo(word, io, hookInputSchema.parse(JSON.parse(await io.readStdin())));
      } catch (error) {
        // A hook that fails must not keep a person from working: it says so, and Claude Code goes on.
        answer = { message: say(io.lang, "claude.hook.failed", { reason: messageOf(error) }) };
      }
      const output = hookOutput(EVENTS[word], answer);
      if (output) io.stdout.write(`${JSON.stringify(output)}\n`);
    });
}

async function answerTo(word: keyof typeof EVENTS, io: Io, input: HookInput): Promise<HookAnswer> {
  if (word === "prompt") return (await import("./promptHook.ts")).promptHook(io, input);
  if (word === "session") return (await import("./sessionHook.ts")).sessionHook(io, input);
  return (await import("./taskHook.ts")).taskHook(io, input);
}
