import { spawn } from "node:child_process";
import { hasCode } from "../../ports/thrown.ts";

export interface GitProcess {
  stdout: string;
  stderr: string;
  /** null where a signal ended it. */
  exitCode: number | null;
  /** It was ended because it said nothing for so long. */
  silent: boolean;
}

/**
 * Runs one git process to its end. Without the libraries for it: Workers' checks run several of these a command on the host's
 * one thread, and the plain process takes 0.8 ms of it where simple-git took 2.1 and execa 2.8 (docs/adr/0014-git-as-a-plain-process.md).
 *
 * @param args git's own, one by one: there is no shell
 * @param options.stdin what git reads; without it nothing
 * @param options.silentMs ends git after so many milliseconds without output
 * @throws where git cannot be started (it is not there, or the directory is not), or says more than a string can hold
 */
export function spawnGit(
  args: readonly string[],
  options: { cwd: string; env: Readonly<Record<string, string>>; stdin?: string; silentMs: number },
): Promise<GitProcess> {
  const { cwd, env, stdin, silentMs } = options;
  return new Promise((resolve, reject) => {
    const stdio = [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"] as const;
    const child = spawn("git", args, { cwd, env, stdio: [...stdio], windowsHide: true });
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    let silent = false;
    const end = () => {
      silent = true;
      // Whom git asked (a signer, say) may hold its pipes open: its own end is enough.
      const ended = (exitCode: number | null) => {
        over(exitCode);
        child.stdout?.destroy();
        child.stderr?.destroy();
      };
      if (child.exitCode !== null || child.signalCode !== null) return ended(child.exitCode);
      child.on("exit", ended);
      child.kill("SIGTERM");
    };
    const timer = setTimeout(end, silentMs);
    const keep = (pieces: Buffer[]) => (piece: Buffer) => {
      pieces.push(piece);
      timer.refresh();
    };
    child.stdout?.on("data", keep(stdout));
    child.stderr?.on("data", keep(stderr));
    // Git may end before it has read everything: its exit code says what it thought of that.
    child.stdin?.on("error", (error) => {
      if (!hasCode(error, "EPIPE", "ECONNRESET")) reject(error);
    });
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    const over = (exitCode: number | null) => {
      clearTimeout(timer);
      try {
        resolve({ stdout: text(stdout), stderr: text(stderr), exitCode, silent });
      } catch (error) {
        // More than the longest string there can be. Thrown here it would end the host.
        reject(error);
      }
    };
    // Not its exit: until then not all it wrote was read.
    child.on("close", over);
    child.stdin?.end(stdin);
  });
}

/** Decoded as a whole: a character may lie across two pieces. */
function text(pieces: readonly Buffer[]): string {
  return Buffer.concat(pieces).toString("utf8");
}
