import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { makeWorld, type World } from "../io.ts";

const bin = fileURLToPath(new URL("../../../bin/oh-my-qwencoder.js", import.meta.url));

/** The built program's `install`, as a person runs it. Nobody answers at the base URL, which is no failure. */
export async function install({ project, env }: World, ...words: string[]): Promise<string> {
  const args = ["install", "--yes", "--base-url", "http://127.0.0.1:9/v1", ...words];
  const { stdout } = await execa(process.execPath, [bin, ...args], { cwd: project, env, extendEnv: false });
  return stdout;
}

/** A person's home with our half of Claude Code installed. */
export async function world(): Promise<World> {
  const made = makeWorld();
  await install(made, "--global", "--claude-code");
  return made;
}

/** The shell's words for each event, from the plugin that the install made. */
export function claudeHooks({ home }: World): Record<"UserPromptSubmit" | "SessionStart" | "PreToolUse", string> {
  const file = join(home, ".config/oh-my-qwencoder/claude-code/hooks/hooks.json");
  const { hooks } = JSON.parse(readFileSync(file, "utf8"));
  const of = (event: string): string => hooks[event][0].hooks[0].command;
  return {
    UserPromptSubmit: of("UserPromptSubmit"),
    SessionStart: of("SessionStart"),
    PreToolUse: of("PreToolUse"),
  };
}
