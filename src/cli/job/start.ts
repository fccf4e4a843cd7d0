import { type Command, InvalidArgumentError, Option } from "commander";
import type { JobPlacement } from "../../core/jobs/placement.ts";
import type { JobEstimate, QueuedJob } from "../../core/jobs/record.ts";
import type { JobDesk } from "../../runtime/jobs/jobDesk.ts";
import { CliFailure } from "../failure.ts";
import { type Io, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

interface StartFlags {
  agent?: string;
  provider: string;
  model?: string;
  timeout?: number;
  estimate?: boolean;
  foreground?: boolean;
  background?: boolean;
  claudeSession?: string;
  json?: boolean;
}

/**
 * `job start "…"`: comes back within a second, but where the project's own jobs of the kind say that it is a matter of
 * seconds, or `--foreground` does.
 */
export function registerStart(group: Command, io: Io): void {
  const text = (key: Parameters<typeof say>[1]) => say(io.lang, key);
  const seconds = (word: string) => {
    const value = Number(word);
    if (!(value > 0)) throw new InvalidArgumentError(text("job.start.number"));
    return value;
  };
  group
    .command("start")
    .description(text("job.start.description"))
    .argument("<prompt>", text("job.start.prompt"))
    .option("--agent <name>", text("job.start.agent"))
    .option("--provider <name>", text("job.start.provider"), "auto")
    .option("--model <name>", text("job.start.model"))
    .addOption(new Option("--timeout <seconds>", text("job.start.timeout")).argParser(seconds))
    .option("--estimate", text("job.start.estimate"))
    .addOption(new Option("--foreground", text("job.start.foreground")).conflicts("background"))
    .option("--background", text("job.start.background"))
    .option("--claude-session <id>", text("job.start.claudeSession"))
    .option("--json", text("option.json"))
    .addHelpText("after", () =>
      examples(io, [
        'job start "Add docstrings to all files in src/api"',
        'job start --agent explore --provider claude --json "Where is the login handled?"',
        'job start --estimate "Migrate the whole project to ESM"',
        "job start --foreground - < prompt.txt",
      ]),
    )
    .action((prompt: string, flags: StartFlags) => start(io, prompt, flags));
}

async function start(io: Io, word: string, flags: StartFlags): Promise<void> {
  const { withJobs } = await import("./desk.ts");
  const { findProjectRoot } = await import("../projectRoot.ts");
  const prompt = (word === "-" ? await io.readStdin() : word).trim();
  if (prompt === "")
    throw new CliFailure(say(io.lang, "job.start.empty"), { exitCode: 2, next: say(io.lang, "job.start.empty.next") });
  const project = (await findProjectRoot(io.cwd)) ?? io.cwd;
  await withJobs(io, async (desk) => {
    const { agent, provider, model, timeout, json } = flags;
    const known = await desk.estimate({ prompt, agent, project });
    if (flags.estimate) return tellEstimate(io, known, json);
    const timeoutMs = timeout === undefined ? undefined : timeout * 1_000;
    const session = flags.claudeSession;
    const via = session === undefined ? "cli" : "claude";
    const wish = { prompt, project, via, session, agent, provider, model, timeoutMs } as const;
    const job = await desk.start(wish, known.estimate);
    if (waits(flags, known)) return foreground(io, desk, job, json === true);
    const place = desk.engine.placeOf(job.task_id);
    if (json) {
      const { task_id, status } = job;
      return writeJson(io, { ok: true, task_id, status, result: place, ...known });
    }
    const { tellStarted } = await import("./started.ts");
    tellStarted(io, job, place);
    if (await desk.lacksWorkers()) io.stderr.write(`${say(io.lang, "job.start.noWorker")}\n`);
  });
}

/** A guess from a prompt's length is no reason to keep a person waiting. */
function waits(
  { foreground, background }: StartFlags,
  known: { estimate: JobEstimate; placement: JobPlacement },
): boolean {
  if (foreground || background) return foreground === true;
  return known.placement === "foreground" && known.estimate.from === "history";
}

async function tellEstimate(
  io: Io,
  { estimate, placement }: { estimate: JobEstimate; placement: JobPlacement },
  json: boolean | undefined,
): Promise<void> {
  if (json) return writeJson(io, { ok: true, estimate, placement });
  const { estimateWords } = await import("./view.ts");
  io.stdout.write(`${estimateWords(io, estimate)}\n${say(io.lang, `job.estimate.${placement}`)}\n`);
}

async function foreground(io: Io, desk: JobDesk, { task_id: id }: QueuedJob, json: boolean): Promise<void> {
  const { harmless } = await import("./view.ts");
  const { failUnlessCompleted, waitFor } = await import("./waitFor.ts");
  for await (const text of desk.logs(id, { follow: true, signal: io.signal })) io.stderr.write(harmless(text));
  if (io.signal.aborted) await desk.cancel(id);
  const job = await waitFor(io, desk, id, new AbortController().signal);
  if (job.status === "completed" && json) return writeJson(io, { ok: true, jobs: [job] });
  if (job.result !== null && !json) io.stdout.write(`${harmless(job.result)}\n`);
  failUnlessCompleted(io, [job]);
}
