import { basename } from "node:path";
import type { RunFailure } from "../../core/executors/cliFailure.ts";
import { type CliName, type CliTask, invocationOf, LONGEST_PROMPT, PROGRAMS } from "../../core/executors/invocation.ts";
import { runFailure } from "../../core/executors/runResult.ts";
import {
  NOTHING_SAID,
  type RunTokens,
  readDocument,
  readLine,
  type Transcript,
} from "../../core/executors/transcript.ts";
import { parseJson } from "../../core/gate/json.ts";
import { readStreamEvent } from "../../core/routing/limits/claude.ts";
import type { LimitWindow } from "../../core/routing/limits/window.ts";
import { UNATTENDED_OPENCODE } from "../opencode/quietOpencode.ts";
import { findProgram } from "./findProgram.ts";
import { runProgram } from "./runProgram.ts";

export interface CliRun extends CliTask {
  cli: CliName;
  /** A program in place of the one found on PATH; its file name says which of the command line's programs it is. */
  program?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** Gets everything the program writes, as it comes. */
  log?(text: string): void;
}

export interface CliRunResult {
  /** The answer. */
  text: string;
  stdoutTail: string;
  stderr: string;
  exitCode: number | undefined;
  durationMs: number;
  tokens: RunTokens;
  session?: string;
  /** What the program told of the provider's limits, the latest last. */
  limits: LimitWindow[];
  failure?: RunFailure;
}

/** Longest line that is read, in characters: a result is one line. */
const LONGEST_LINE = 8_000_000;

/** Runs one command line on one piece of work. Never rejects for what the program does: that is a typed failure. */
export async function runCli(run: CliRun): Promise<CliRunResult> {
  const { cli } = run;
  const program = findProgram(run.program === undefined ? PROGRAMS[cli] : [run.program], run.env.PATH);
  if (program === undefined) {
    const names = run.program ?? PROGRAMS[cli].join(" or ");
    return nothing(`No program ${names} was found on PATH. Install it, or give the work to another provider.`);
  }
  const name = PROGRAMS[cli].find((each) => basename(program).startsWith(each)) ?? PROGRAMS[cli][0] ?? cli;
  const bytes = Buffer.byteLength(run.prompt);
  if (bytes > LONGEST_PROMPT)
    return nothing(
      `The prompt has ${bytes} bytes; ${name} takes ${LONGEST_PROMPT}. Put the text into a file of the project and name the file.`,
    );
  if (run.prompt.includes("\0"))
    return nothing("The prompt has a zero byte, which no argument can carry. Take it out.");

  const reader = new Reader(cli);
  const end = await runProgram({
    program,
    args: invocationOf(name, run),
    cwd: run.projectDir,
    env: cli === "opencode" ? { ...run.env, ...UNATTENDED_OPENCODE } : run.env,
    timeoutMs: run.timeoutMs,
    signal: run.signal,
    onStdout: (text) => reader.take(text),
    ...(run.log ? { log: run.log } : {}),
  });
  const said = reader.end(end.stderrTail);
  const failure = runFailure(name, end, said, Date.now());
  return {
    text: said.text,
    stdoutTail: end.stdoutTail,
    stderr: end.stderrTail,
    exitCode: end.exitCode,
    durationMs: end.durationMs,
    tokens: said.tokens,
    limits: reader.limits,
    ...(said.session === undefined ? {} : { session: said.session }),
    ...(failure ? { failure } : {}),
  };
}

function nothing(message: string): CliRunResult {
  const tokens = NOTHING_SAID.tokens;
  const failure: RunFailure = { kind: "tool", message };
  return { text: "", stdoutTail: "", stderr: "", exitCode: undefined, durationMs: 0, tokens, limits: [], failure };
}

/** Reads what a program prints as it comes, so that its length does not matter. */
class Reader {
  readonly limits: LimitWindow[] = [];
  private said: Transcript = NOTHING_SAID;
  private rest = "";
  private overlong = false;
  private readonly cli: CliName;

  constructor(cli: CliName) {
    this.cli = cli;
  }

  take(text: string): void {
    if (this.cli === "gemini") {
      this.rest = (this.rest + text).slice(-LONGEST_LINE);
      return;
    }
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.line(line);
    if (this.rest.length > LONGEST_LINE) {
      this.rest = "";
      this.overlong = true;
    }
  }

  /** @param stderr gemini tells a failure there, in the same form */
  end(stderr: string): Transcript {
    if (this.cli === "gemini") {
      const said = readDocument(this.rest);
      return said.ended || said.error ? said : readDocument(stderr);
    }
    this.line(this.rest);
    return this.said;
  }

  private line(line: string): void {
    // The end of a line whose beginning was let go is no event.
    if (!this.overlong) this.said = readLine(this.cli, this.said, line);
    if (this.cli === "claude" && line.includes("rate_limit_event")) {
      const read = readStreamEvent(parseJson(line), Date.now());
      if (read.ok) this.limits.push(...read.windows);
    }
    this.overlong = false;
  }
}
