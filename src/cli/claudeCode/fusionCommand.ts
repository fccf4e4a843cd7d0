import { join } from "node:path";
import { writeUserSettings } from "../../adapters/config/userSettings.ts";
import { configHome } from "../../config/read.ts";
import { homeOf } from "../config/load.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";

/** `/fusion-setup`, `/fusion-default-on` and `/fusion-default-off` in Claude Code. @returns what the person is told */
export async function fusionWords(
  io: Io,
  name: "fusion-setup" | "fusion-default-on" | "fusion-default-off",
): Promise<string> {
  const file = join(configHome(io.env, homeOf(io)), "oh-my-qwencoder", "aegis.jsonc");
  // Claude Code is there, so it is what is spared; whether anything may leave stays the person's own line to write.
  const [path, value] =
    name === "fusion-setup"
      ? ([["routing", "primary"], "claude"] as const)
      : ([["fusionDefault"], name === "fusion-default-on"] as const);
  await writeUserSettings(file, [{ path, value }]);
  return say(io.lang, name === "fusion-setup" ? "claude.fusionSetup" : "claude.fusionDefault", {
    file,
    value: String(value),
  });
}
