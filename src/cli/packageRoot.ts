import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where this package lies and its version, found upwards from this file (source tree, checkout or installed package). */
export function packageRoot(): { dir: string; version: string } {
  let dir = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const file = join(dir, "package.json");
    if (existsSync(file)) {
      // By hand: zod would cost every start some tens of milliseconds.
      const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
      const name: unknown = Reflect.get(Object(parsed), "name");
      if (name === "oh-my-qwencoder") return { dir, version: String(Reflect.get(Object(parsed), "version")) };
    }
    const up = dirname(dir);
    if (up === dir)
      throw new Error("oh-my-qwencoder's package.json was not found above its program; reinstall the package");
    dir = up;
  }
}
