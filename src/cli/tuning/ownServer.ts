import { createServer } from "node:net";
import { beginLog, endGroup, launch } from "../../../vllm/server/launch.ts";
import { waitUntilReady } from "../../../vllm/server/ready.ts";
import { logFile, removeRecord, writeRecord } from "../../../vllm/server/serverRecord.ts";
import type { LiveServer } from "../../../vllm/tune/live.ts";
import type { Point } from "../../../vllm/tune/points.ts";
import { REAL_TIME, serverIdentity, type TimeKind } from "../../../vllm/tune/servedTime.ts";
import { CliFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { obstacles } from "../serving/preconditions.ts";
import { serveCommand } from "../serving/serveCommand.ts";
import { simulatedVllm } from "../serving/simulatedVllm.ts";
import { vllmStateDir } from "../serving/stateDir.ts";

/** A first start downloads and compiles. Milliseconds. */
const READY_MS = 3_600_000;
const END_MS = 60_000;

export interface OwnServerOptions {
  recipe: string;
  /** The simulated vLLM in place of the installed one. */
  simulated: boolean;
}

/** A port nobody has at this moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

/**
 * Starts a server of our own for one point on a free port, lets `use` work with it and ends it, whatever happens. "unservable"
 * where the server does not start with this point. Rejects when the signal aborts. Nobody else's server is touched.
 */
export async function withOwnServer(
  io: Io,
  point: Point,
  options: OwnServerOptions,
  use: (server: LiveServer & { time: TimeKind; version: string }) => Promise<void>,
): Promise<"done" | "unservable"> {
  const port = await freePort();
  const env = {
    ...io.env,
    AEGIS_HOST: "127.0.0.1",
    AEGIS_PORT: String(port),
    AEGIS_BATCH: String(point.maxNumSeqs),
    AEGIS_BATCHED_TOKENS: String(point.maxNumBatchedTokens),
    AEGIS_CTX: String(point.context),
    AEGIS_KV_DTYPE: point.kvDtype,
    AEGIS_MEM: String(point.utilization),
    ...(options.simulated
      ? { AEGIS_VLLM: simulatedVllm(), OMQ_SIMULATE_SCALE: io.env.OMQ_SIMULATE_SCALE || "virtual" }
      : {}),
  };
  const command = await serveCommand({ ...io, env }, options.recipe, []);
  if (!options.simulated) {
    const [obstacle] = (await obstacles({ ...io, env }, command)).filter(({ mild }) => !mild);
    if (obstacle)
      throw new CliFailure(say(io.lang, `start.${obstacle.code}`, obstacle.values), {
        next: say(io.lang, `start.${obstacle.code}.next`, obstacle.values),
        data: { obstacle: obstacle.code },
      });
  }
  const stateDir = vllmStateDir(io);
  const log = logFile(stateDir, port);
  beginLog(log, `$ ${command.argv.join(" ")}`);
  const { id, ended } = await launch({ command: command.argv, env: { ...env, ...command.env }, cwd: io.cwd, log });
  try {
    // So that stop-vllm finds it, should this process be killed.
    const { host, servedName } = command;
    await writeRecord(stateDir, {
      server: id,
      supervisor: null,
      host,
      port,
      servedName,
      recipe: command.recipe.id,
      log,
    });
    let alive = true;
    void ended.then(() => {
      alive = false;
    });
    const origin = `http://127.0.0.1:${port}`;
    const ready = await waitUntilReady({
      origin,
      servedName,
      apiKey: command.settings.apiKey,
      log,
      alive: () => Promise.resolve(alive),
      timeoutMs: READY_MS,
      signal: io.signal,
      onPhase: () => undefined,
    });
    io.signal.throwIfAborted();
    if (ready.kind !== "ready") return "unservable";
    const baseUrl = `${origin}/v1`;
    const identity = await serverIdentity(baseUrl, io.signal);
    await use({
      baseUrl,
      model: servedName,
      apiKey: command.settings.apiKey,
      signal: io.signal,
      time: identity?.time ?? REAL_TIME,
      version: identity?.version ?? "",
    });
    return "done";
  } finally {
    await endGroup(id, END_MS);
    await removeRecord(stateDir, port);
  }
}
