import type { Readable } from "node:stream";

/** Characters of what it wrote that an error may need. */
const TAIL = 4_000;

/** Listens to what an OpenCode process writes: the last of it, and the address once `opencode serve` names it. */
export function opencodeOutput(output: Readable): { tail(): string; address: Promise<string> } {
  let said = "";
  output.setEncoding("utf8");
  const address = new Promise<string>((resolve) => {
    output.on("data", (text: string) => {
      said = (said + text).slice(-TAIL);
      const found = /opencode server listening on (https?:\/\/\S+)/.exec(said)?.[1];
      if (found) resolve(found);
    });
  });
  return { address, tail: () => said.trim() };
}
