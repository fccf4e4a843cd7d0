import { createInterface } from "node:readline";
import type { Io } from "./io.ts";

/** The real world: this process's streams, environment and signals. */
export function nodeIo(): Io {
  const abort = new AbortController();
  // Not `once`: a listener that is gone when execa's own clean-up looks would make it end this process by the signal,
  // before anything was put away. The second signal ends at once: somebody means it.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(name, () => (abort.signal.aborted ? process.exit(130) : abort.abort()));
  // `oh-my-qwencoder … | head` closes the pipe early; that is no failure of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  const terminal = process.stdout.isTTY === true;
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    isTTY: terminal && process.stdin.isTTY === true,
    lang: "en",
    colour: terminal && !process.env.NO_COLOR,
    signal: abort.signal,
    async readStdin() {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
      return Buffer.concat(chunks).toString("utf8");
    },
    ask(question) {
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      return new Promise((resolve) => {
        lines.once("close", () => resolve(undefined));
        lines.once("SIGINT", () => {
          abort.abort();
          lines.close();
        });
        lines.question(question, (answer) => {
          resolve(answer);
          lines.close();
        });
      });
    },
  };
}
