import { join } from "node:path";
import { addToLog, beginLog, type Launched, launch } from "../../../vllm/server/launch.ts";
import type { StartupFacts } from "../../../vllm/server/logProgress.ts";
import { waitUntilReady } from "../../../vllm/server/ready.ts";
import {
  identify,
  isAlive,
  logFile,
  readRecord,
  removeRecord,
  runs,
  type ServerRecord,
  serverDir,
  writeRecord,
} from "../../../vllm/server/serverRecord.ts";
import { stopServer } from "../../../vllm/server/stop.ts";
import { defaultBackoff, supervise, wordEnd } from "../../../vllm/server/supervise.ts";
import { CliFailure } from "../failure.ts";
import { type Io, paint, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { packageRoot } from "../packageRoot.ts";
import { fitted } from "../textWidth.ts";
import { comparison } from "./comparison.ts";
import { obstacles } from "./preconditions.ts";
import { type ServeCommand, serveCommand, wordNotice } from "./serveCommand.ts";
import { simulatedVllm } from "./simulatedVllm.ts";
import { failEnd, lastLine, wordMend } from "./startEnd.ts";
import { vllmStateDir } from "./stateDir.ts";

/** What `start-vllm` was told. */
export interface StartFlags {
  recipe?: string;
  dryRun?: boolean;
  foreground?: boolean;
  wait?: boolean;
  supervise?: boolean;
  /** The simulated vLLM in place of the installed one. */
  simulate?: boolean;
  json?: boolean;
  /** Seconds. */
  timeout: number;
}

/** Milliseconds a server has to end in before it is killed. */
const END_MS = 60_000;

/** Begins our own lines in the server's log. */
const OURS = "oh-my-qwencoder: ";

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

function warn(io: Io, text: string): void {
  io.stderr.write(`${fitted(io, `${paint(io, "yellow", say(io.lang, "warning"))} ${text}`, 2)}\n`);
}

async function dryRun(io: Io, command: ServeCommand, flags: StartFlags): Promise<void> {
  const warnings = [
    ...command.notices.map((one) => wordNotice(io, one)),
    ...(await obstacles(io, command, flags.simulate)).map((one) => say(io.lang, `notice.${one.code}`, one.values)),
  ];
  const env = { ...command.env, ...(command.env.VLLM_API_KEY === undefined ? {} : { VLLM_API_KEY: "***" }) };
  if (flags.json) {
    writeJson(io, { argv: command.argv, env, warnings });
    return;
  }
  const variables = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`);
  const words = [...variables, ...command.argv.map(quoted)];
  // For a person a flag a line, which the shell takes as one command; for a program one line.
  const isNewLine = (word: string) => io.columns !== undefined && word.startsWith("--");
  io.stdout.write(`${words.map((word) => (isNewLine(word) ? `\\\n  ${word}` : word)).join(" ")}\n`);
  for (const text of warnings) warn(io, text);
}

async function checkObstacles(io: Io, command: ServeCommand, simulated?: boolean): Promise<void> {
  for (const one of await obstacles(io, command, simulated)) {
    if (one.mild) {
      warn(io, say(io.lang, `notice.${one.code}`, one.values));
      continue;
    }
    throw new CliFailure(say(io.lang, `start.${one.code}`, one.values), {
      next: say(io.lang, `start.${one.code}.next`, one.values),
      data: { obstacle: one.code },
    });
  }
}

function recordOf(io: Io, command: ServeCommand, parts: Pick<ServerRecord, "server" | "supervisor">): ServerRecord {
  const { host, port, servedName } = command;
  return { ...parts, host, port, servedName, recipe: command.recipe.id, log: logFile(vllmStateDir(io), port) };
}

async function inForeground(io: Io, command: ServeCommand, restart: boolean): Promise<void> {
  const stateDir = vllmStateDir(io);
  const supervisor = await identify(process.pid);
  const log = logFile(stateDir, command.port);
  beginLog(log, `$ ${command.argv.map(quoted).join(" ")}`);
  try {
    const end = await supervise({
      spec: { command: command.argv, env: { ...io.env, ...command.env }, cwd: io.cwd, log },
      restart,
      backoff: defaultBackoff,
      signal: io.signal,
      endMs: END_MS,
      onStart: (server) => writeRecord(stateDir, recordOf(io, command, { server, supervisor })),
      onEnd: ({ how, count, pauseMs }) => {
        const told = say(io.lang, "start.restart", { how: wordEnd(how), count, seconds: pauseMs / 1000 });
        warn(io, told);
        addToLog(log, `${OURS}${told}`);
      },
      onLine: (line) => line.startsWith(OURS) || io.stderr.write(`${line}\n`),
    });
    if (end.kind === "stopped") throw new CliFailure(say(io.lang, "stop.none"));
    const failure = failEnd(io, command, end, log);
    if (failure && restart) addToLog(log, `${OURS}${lastLine(io, end, failure)}`);
    if (failure) throw failure;
  } finally {
    await removeRecord(stateDir, command.port);
  }
}

/** Starts vLLM, or this program as its supervisor, so that it outlives this process. */
async function detach(
  io: Io,
  command: ServeCommand,
  flags: StartFlags,
  extra: readonly string[],
): Promise<ServerRecord> {
  const stateDir = vllmStateDir(io);
  const log = logFile(stateDir, command.port);
  beginLog(log, `$ ${command.argv.map(quoted).join(" ")}`);
  let launched: Launched;
  if (flags.supervise) {
    const own = [process.execPath, join(packageRoot().dir, "bin", "oh-my-qwencoder.js"), "start-vllm"];
    const recipe = ["--recipe", command.recipe.id, ...(flags.simulate ? ["--simulate"] : [])];
    const supervisorLog = join(serverDir(stateDir), `${command.port}.supervisor.log`);
    launched = await launch({
      command: [...own, ...recipe, "--foreground", "--supervise", "--", ...extra],
      env: io.env,
      cwd: io.cwd,
      log: supervisorLog,
    });
  } else {
    launched = await launch({ command: command.argv, env: { ...io.env, ...command.env }, cwd: io.cwd, log });
  }
  const parts = flags.supervise ? { server: null, supervisor: launched.id } : { server: launched.id, supervisor: null };
  const record = recordOf(io, command, parts);
  // A supervisor writes its own record as soon as its server runs; that one knows more.
  const theirs = flags.supervise ? await readRecord(stateDir, command.port) : undefined;
  if (!theirs) await writeRecord(stateDir, record);
  return theirs ?? record;
}

async function waitFor(io: Io, command: ServeCommand, record: ServerRecord, seconds: number): Promise<StartupFacts> {
  const stateDir = vllmStateDir(io);
  const begun = Date.now();
  const took = (): number => Math.round((Date.now() - begun) / 1000);
  // `::` and 0.0.0.0 are no addresses to ask at.
  const host = /^(0\.0\.0\.0|\[?::\]?)$/.test(command.host) ? "127.0.0.1" : command.host;
  const end = await waitUntilReady({
    origin: `http://${host}:${command.port}`,
    servedName: command.servedName,
    apiKey: command.settings.apiKey,
    log: record.log,
    alive: async () => (await isAlive(record.server)) || (await isAlive(record.supervisor)),
    timeoutMs: seconds * 1000,
    signal: io.signal,
    onPhase: (phase) => io.stderr.write(`${String(took()).padStart(5)} s  ${say(io.lang, `phase.${phase}`)}\n`),
  });
  if (end.kind === "ready") {
    const { host: shown, port, servedName } = command;
    io.stderr.write(`${say(io.lang, "start.ready", { model: servedName, host: shown, port, seconds: took() })}\n`);
    const line = comparison(io, command, end.facts);
    if (line !== undefined) io.stderr.write(`${line}\n`);
    return end.facts;
  }
  await stopServer(stateDir, (await readRecord(stateDir, command.port)) ?? record, END_MS);
  const log = record.log;
  if (end.kind === "fatal")
    throw new CliFailure(say(io.lang, "start.fatal", { line: end.line }), {
      next: wordMend(io, command, end.mend),
      data: { line: end.line, mend: end.mend, log },
    });
  if (end.kind === "timeout")
    throw new CliFailure(say(io.lang, "start.timedOut", { seconds }), {
      next: say(io.lang, "start.timedOut.next", { log }),
      data: { log },
    });
  const tail = end.kind === "ended" ? end.tail.map((line) => `  ${line}`).join("\n") : "";
  throw new CliFailure(say(io.lang, "start.died", { tail }), {
    next: say(io.lang, "start.died.next", { log }),
    data: { log },
  });
}

/** Serves: prints the command, stays with the server, or starts it for good. Throws CliFailure. */
export async function runStart(given: Io, flags: StartFlags, extra: readonly string[]): Promise<void> {
  const io = flags.simulate ? { ...given, env: { ...given.env, AEGIS_VLLM: simulatedVllm() } } : given;
  const command = await serveCommand(io, flags.recipe, extra);
  if (flags.dryRun) return dryRun(io, command, flags);
  const stateDir = vllmStateDir(io);
  const known = await readRecord(stateDir, command.port);
  if (known && known.supervisor?.pid !== process.pid && (await runs(known))) {
    const pid = (known.server ?? known.supervisor)?.pid ?? 0;
    if (flags.json)
      writeJson(io, { ok: true, started: false, pid, port: known.port, host: known.host, log: known.log });
    else io.stdout.write(`${say(io.lang, "start.already", { pid, port: known.port })}\n`);
    return;
  }
  for (const one of command.notices) warn(io, wordNotice(io, one));
  if (flags.simulate) warn(io, say(io.lang, "start.simulated"));
  await checkObstacles(io, command, flags.simulate);
  if (flags.foreground) return inForeground(io, command, flags.supervise === true);
  const record = await detach(io, command, flags, extra);
  const { host, port } = command;
  const pid = (record.server ?? record.supervisor)?.pid ?? 0;
  if (!flags.json) {
    io.stdout.write(`${say(io.lang, "start.launched", { pid, host, port, log: record.log })}\n`);
    if (!flags.wait) io.stdout.write(`${say(io.lang, "start.follow")}\n`);
  }
  const facts = flags.wait ? await waitFor(io, command, record, flags.timeout) : undefined;
  if (flags.json)
    writeJson(io, {
      ok: true,
      started: true,
      ready: facts !== undefined,
      pid,
      host,
      port,
      base_url: `http://${host}:${port}/v1`,
      log: record.log,
      ...(facts ? { reported: facts } : {}),
    });
}
