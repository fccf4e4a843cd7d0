import { type Command, InvalidArgumentError, Option } from "commander";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

interface WorkerFlags {
  concurrency?: number;
  untilIdle?: boolean;
}

/** `job worker [--concurrency N] [--until-idle]`: does jobs in this process; what `job start` starts in the background. */
export function registerWorker(group: Command, io: Io): void {
  const places = (word: string) => {
    const value = Number(word);
    if (!Number.isInteger(value) || value < 1 || value > 25)
      throw new InvalidArgumentError(say(io.lang, "job.worker.number"));
    return value;
  };
  group
    .command("worker")
    .description(say(io.lang, "job.worker.description"))
    .addOption(new Option("--concurrency <n>", say(io.lang, "job.worker.concurrency")).argParser(places))
    .option("--until-idle", say(io.lang, "job.worker.untilIdle"))
    .addHelpText("after", () => examples(io, ["job worker", "job worker --concurrency 5"]))
    .action((flags: WorkerFlags) => work(io, flags));
}

async function work(io: Io, { concurrency, untilIdle }: WorkerFlags): Promise<void> {
  const { jobPlace, storeFailures } = await import("./desk.ts");
  const { soundConfig } = await import("../config/load.ts");
  const { runJobs } = await import("../../jobDesk.ts");
  const { config } = await soundConfig(io);
  const place = jobPlace(io);
  const count = concurrency ?? config.routing.maxOpencodeWorkers;
  await storeFailures(io, async () => {
    const until = untilIdle ? "idle" : "stopped";
    const onOpen = (where: string) =>
      void io.stderr.write(`${say(io.lang, "job.worker.working", { place: where, count })}\n`);
    const options = { until, places: count, signal: io.signal } as const;
    const begun = await runJobs(config, place, { ...options, ...(untilIdle ? {} : { onOpen }) });
    if (!untilIdle) io.stderr.write(`${say(io.lang, "job.worker.done", { count: begun })}\n`);
  });
}
