import { type Command, InvalidArgumentError } from "commander";
import { CliFailure } from "./failure.ts";
import { type Io, writeJson } from "./io.ts";
import { say } from "./messages/catalogue.ts";
import { examples } from "./program.ts";

/** vLLM lets requests end first; the recipe gives them 30 seconds. */
const DEFAULT_TIMEOUT = 60;

interface Flags {
  port?: number;
  timeout: number;
  json?: boolean;
}

/** A whole number from 1 to `high`; for commander. */
export function wholeOption(io: Io, high: number) {
  return (word: string): number => {
    const value = /^\d+$/.test(word) ? Number(word) : 0;
    if (value < 1 || value > high) throw new InvalidArgumentError(say(io.lang, "plan.whole", { low: 1, high }));
    return value;
  };
}

async function run(io: Io, flags: Flags): Promise<void> {
  const { recordedServers, removeRecord } = await import("../../vllm/server/serverRecord.ts");
  const { stopServer } = await import("../../vllm/server/stop.ts");
  const { vllmStateDir } = await import("./serving/stateDir.ts");
  const stateDir = vllmStateDir(io);
  const known = await recordedServers(stateDir);
  const asked = flags.port ?? (/^\d+$/.test(io.env.AEGIS_PORT ?? "") ? Number(io.env.AEGIS_PORT) : undefined);
  const meant = (record: { port: number }) => asked === undefined || record.port === asked;
  const chosen = known.running.filter(meant);
  const [record, ...others] = chosen;
  if (record && others.length > 0)
    throw new CliFailure(say(io.lang, "stop.many", { ports: chosen.map((one) => one.port).join(", ") }), {
      next: say(io.lang, "stop.many.next", { port: record.port }),
    });
  const ended = known.ended.filter(meant).map(({ server, supervisor, port, log }) => {
    return { pid: (server ?? supervisor)?.pid ?? 0, port, log };
  });
  for (const one of ended) {
    await removeRecord(stateDir, one.port);
    if (!flags.json) io.stdout.write(`${say(io.lang, "stop.cleared", one)}\n`);
  }
  if (!record) {
    if (flags.json) writeJson(io, { ok: true, stopped: false, ...(ended.length > 0 ? { ended } : {}) });
    else if (ended.length === 0) io.stdout.write(`${say(io.lang, "stop.none")}\n`);
    return;
  }
  const { pid, killed } = await stopServer(stateDir, record, flags.timeout * 1000);
  if (flags.json) writeJson(io, { ok: true, stopped: true, pid, port: record.port, killed });
  else
    io.stdout.write(
      `${say(io.lang, killed ? "stop.killed" : "stop.done", { pid, port: record.port, seconds: flags.timeout })}\n`,
    );
}

/** `stop-vllm [--port P] [--timeout S] [--json]`: exit 0 whether one ran or not. */
export function registerStopVllm(program: Command, io: Io): void {
  program
    .command("stop-vllm")
    .description(say(io.lang, "stop.description"))
    .option("--port <port>", say(io.lang, "stop.port"), wholeOption(io, 65_535))
    .option("--timeout <seconds>", say(io.lang, "stop.timeout"), wholeOption(io, 86_400), DEFAULT_TIMEOUT)
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () => examples(io, ["stop-vllm", "stop-vllm --port 8001"]))
    .action((flags: Flags) => run(io, flags));
}
