import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The browser of this machine; undefined where there is none. */
export function findChromium(): string | undefined {
  const dirs = (process.env.PATH ?? "").split(delimiter);
  return ["chromium-headless-shell", "chromium"].flatMap((name) => dirs.map((dir) => join(dir, name))).find(existsSync);
}
