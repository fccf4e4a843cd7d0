import { appendFileSync, existsSync } from "node:fs";
import path from "node:path";
import { wrongHost } from "../src/core/hostVersion.ts";

/**
 * What OpenCode 2 calls of a plugin in place of `server`. It registers nothing and says why, in the host's log and in the
 * project's `.aegis/plugin.log`. It does not throw: some of those hosts then answer nobody any more. OpenCode 1.18 can call it
 * too, with a context that has neither tools nor sessions, and hears nothing.
 *
 * @param context as the host gives it: its shape is read, nothing else
 */
export function setup(context: unknown): void {
  const isOpencode2 = typeof context === "object" && context !== null && "tool" in context && "session" in context;
  if (!isOpencode2) return;
  const text = wrongHost("2");
  console.error(text);
  const stateDir = path.join(process.cwd(), ".aegis");
  if (!existsSync(stateDir)) return;
  try {
    appendFileSync(path.join(stateDir, "plugin.log"), `${new Date().toISOString()} ${text}\n`);
  } catch (error) {
    console.error(`oh-my-qwencoder: ${stateDir} cannot be written: ${String(error)}`);
  }
}
