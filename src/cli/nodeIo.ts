import { createInterface } from "node:readline";
import { interruptSignal } from "./interrupt.ts";
import type { Io } from "./io.ts";

/** The real world: this process's streams, environment and signals. */
export function nodeIo(): Io {
  const signals = interruptSignal();
  // Ctrl-C at a question comes through the terminal's line editor, not as a signal.
  const abort = new AbortController();
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
    get columns() {
      return process.stdout.columns;
    },
    signal: AbortSignal.any([signals, abort.signal]),
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
