import type { Command } from "commander";
import { CliFailure } from "./failure.ts";
import type { Io } from "./io.ts";
import { say } from "./messages/catalogue.ts";
import { examples } from "./program.ts";
import { wholeOption } from "./stop-vllm.ts";

const DEFAULT_PORT = 8001;
const POLL_MS = 200;
/** Looks in a row that find no server before it counts as ended: a start writes its log a moment before its record. */
const ENDED_LOOKS = 10;

interface Flags {
  port?: number;
  follow?: boolean;
  lines: number;
}

async function run(io: Io, flags: Flags): Promise<void> {
  const { existsSync } = await import("node:fs");
  const { setTimeout: pause } = await import("node:timers/promises");
  const { LogReader } = await import("../../vllm/server/followLog.ts");
  const { logFile, readRecord, recordedServers, runs } = await import("../../vllm/server/serverRecord.ts");
  const { vllmStateDir } = await import("./serving/stateDir.ts");
  const stateDir = vllmStateDir(io);
  const set = /^\d+$/.test(io.env.AEGIS_PORT ?? "") ? Number(io.env.AEGIS_PORT) : undefined;
  const known = await recordedServers(stateDir);
  const port = flags.port ?? set ?? [...known.running, ...known.ended][0]?.port ?? DEFAULT_PORT;
  const path = logFile(stateDir, port);
  if (!existsSync(path))
    throw new CliFailure(say(io.lang, "logs.none", { port }), { next: say(io.lang, "logs.none.next") });
  const reader = new LogReader(path);
  const show = (lines: readonly string[]) => {
    if (lines.length > 0) io.stdout.write(`${lines.join("\n")}\n`);
  };
  const lines = await reader.lines();
  const rest = flags.follow || reader.unfinished === "" ? [] : [reader.unfinished];
  show([...lines, ...rest].slice(-flags.lines));
  const lives = async () => {
    const record = await readRecord(stateDir, port);
    return record !== undefined && (await runs(record));
  };
  for (let dead = 0; flags.follow && dead < ENDED_LOOKS; ) {
    io.signal.throwIfAborted();
    // Looked for first: what it wrote last is read after it is gone.
    dead = (await lives()) ? 0 : dead + 1;
    show(await reader.lines());
    await pause(POLL_MS);
  }
  if (await lives()) return;
  if (flags.follow && reader.unfinished !== "") show([reader.unfinished]);
  const byItself = (await readRecord(stateDir, port)) !== undefined;
  io.stderr.write(`${say(io.lang, byItself ? "logs.endedItself" : "logs.ended", { port })}\n`);
}

/** `logs-vllm [-f] [--lines N] [--port P]` */
export function registerLogsVllm(program: Command, io: Io): void {
  program
    .command("logs-vllm")
    .description(say(io.lang, "logs.description"))
    .option("-f, --follow", say(io.lang, "logs.follow"))
    .option("--lines <count>", say(io.lang, "logs.lines"), wholeOption(io, 10_000_000), 200)
    .option("--port <port>", say(io.lang, "stop.port"), wholeOption(io, 65_535))
    .addHelpText("after", () => examples(io, ["logs-vllm", "logs-vllm -f"]))
    .action((flags: Flags) => run(io, flags));
}
