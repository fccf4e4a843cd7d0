import type { Command } from "commander";
import { CliFailure } from "./failure.ts";
import type { Io } from "./io.ts";
import { say } from "./messages/catalogue.ts";
import { examples } from "./program.ts";
import { wholeOption } from "./stop-vllm.ts";

const DEFAULT_PORT = 8001;
const POLL_MS = 200;

interface Flags {
  port?: number;
  follow?: boolean;
  lines: number;
}

async function run(io: Io, flags: Flags): Promise<void> {
  const { existsSync } = await import("node:fs");
  const { setTimeout: pause } = await import("node:timers/promises");
  const { LogReader } = await import("../../vllm/server/followLog.ts");
  const { logFile, runningServers } = await import("../../vllm/server/serverRecord.ts");
  const { vllmStateDir } = await import("./serving/stateDir.ts");
  const stateDir = vllmStateDir(io);
  const set = /^\d+$/.test(io.env.AEGIS_PORT ?? "") ? Number(io.env.AEGIS_PORT) : undefined;
  const port = flags.port ?? set ?? (await runningServers(stateDir))[0]?.port ?? DEFAULT_PORT;
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
  while (flags.follow && !io.signal.aborted) {
    show(await reader.lines());
    await pause(POLL_MS);
  }
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
