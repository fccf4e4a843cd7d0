import { Buffer } from "node:buffer";
import { Agent, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { LLMock } from "@copilotkit/aimock";
import { messageOf } from "../../src/ports/thrown.ts";
import { askBrain } from "./askBrain.ts";
import type { Brain, Reply, TurnRole } from "./brain.ts";
import { sendBroken } from "./brokenStream.ts";
import { completionOf, replyTokens } from "./completion.ts";
import { type Engine, type EngineRequest, InstantEngine } from "./engine.ts";
import { authorized, jsonOf, listen, passThrough, plainHeaders, promptOf, readText, send } from "./httpFront.ts";
import { metricsText } from "./metrics.ts";
import { promptText, replyText } from "./promptText.ts";
import { answerGet, answerTokenize, CHARACTERS_PER_TOKEN, errorAnswer, tooLong } from "./surface.ts";
import { ChatRequest, type RoleLines, turnOf } from "./turn.ts";
import { TIME_PATH, timeCommand, type VirtualTime } from "./virtualTime.ts";

export interface ScriptedServerOptions {
  brain: Brain;
  /** 0 or absent: a free one. */
  port?: number;
  modelId: string;
  /** Tokens; default 131072, the product's default context. */
  maxModelLen?: number;
  /** Milliseconds before the first byte of every completion. Default 0. */
  latencyMs?: number;
  /** Pace of the stream. Default: as fast as it goes. */
  tokensPerSecond?: number;
  roleLines?: RoleLines;
  /** Decides when tokens come; closed with the server. Default: at once. */
  engine?: Engine;
  /** Modelled seconds in a real one, told under `/version`. Default 1. */
  timeScale?: number;
  /** Time passes as a client says, at `POST /simulated/time`; told under `/version`. */
  virtualTime?: VirtualTime;
  /** One of these is asked for below `/v1`. Default: none is. */
  apiKeys?: readonly string[];
  /** What `/version` says. */
  version?: string;
}

/** One completion request, kept for tests: who asked what, when, and how it ended. Times are `Date.now()` milliseconds. */
export interface RecordedRequest {
  sessionId: string;
  parentSessionId: string;
  role: TurnRole;
  headers: Readonly<Record<string, string>>;
  body: ChatRequest;
  /** Bytes of the request body as it came. */
  bytes: number;
  startedAt: number;
  /** Absent while it runs. */
  endedAt?: number;
  status?: number;
  /** The client left before the answer was complete. */
  aborted: boolean;
}

export interface ScriptedServer {
  /** Ends in `/v1`. */
  baseUrl: string;
  requests(): readonly RecordedRequest[];
  /** Cuts what runs and frees the port. */
  close(): Promise<void>;
}

/** Body field that carries our request number through aimock, whose response factory sees the body and no headers. */
const TAG = "x_scripted_request";
const KEEP_ALIVE_MS = 120_000;
const LOCAL = "127.0.0.1";
/** aimock paces per chunk; 16 characters are about four tokens. */
const PACED_CHUNK = { characters: 16, tokens: 4 };

interface Flight {
  reply: Reply;
  inEngine: EngineRequest;
}

/**
 * Starts a scripted model behind vLLM's HTTP surface on 127.0.0.1. Completions are made by aimock; this front adds what
 * aimock lacks (session headers for the brain, vLLM's other paths, abort records) and passes the stream on byte for byte.
 * Throws when the port is taken.
 */
export async function startScriptedServer(options: ScriptedServerOptions): Promise<ScriptedServer> {
  const model = {
    modelId: options.modelId,
    maxModelLen: options.maxModelLen ?? 131_072,
    time: options.virtualTime ? ("virtual" as const) : (options.timeScale ?? 1),
    version: options.version ?? "0.0.0+scripted",
  };
  const recorded: RecordedRequest[] = [];
  const flights = new Map<string, Flight>();
  const engine = options.engine ?? new InstantEngine(model.maxModelLen);

  const aimock = new LLMock({ host: LOCAL, port: 0, logLevel: "silent" });
  const pace = options.tokensPerSecond;
  const { virtualTime } = options;
  aimock.addFixture({
    match: { predicate: () => true },
    response: (request) => {
      const flight = flights.get(String(request[TAG]));
      if (!flight)
        return { error: { message: "The scripted server lost this request.", type: "server_error" }, status: 500 };
      return completionOf(flight.reply, { model: model.modelId, promptTokens: flight.inEngine.promptTokens });
    },
    chunkSize: options.engine ? CHARACTERS_PER_TOKEN : pace === undefined ? 4096 : PACED_CHUNK.characters,
    ...(pace === undefined ? {} : { streamingProfile: { ttft: 0, tps: pace / PACED_CHUNK.tokens } }),
  });
  const upstream = new URL(await aimock.start());
  const agent = new Agent({ keepAlive: true });

  async function complete(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = Date.now();
    const text = await readText(incoming);
    const parsed = ChatRequest.safeParse(jsonOf(text));
    if (!parsed.success)
      return send(response, errorAnswer(400, `The request is no chat completion: ${parsed.error.message}`));
    if (parsed.data.model !== model.modelId) {
      return send(response, errorAnswer(404, `The model \`${parsed.data.model}\` does not exist.`, "NotFoundError"));
    }
    const gone = new AbortController();
    const headers = plainHeaders(incoming);
    const turn = turnOf(parsed.data, headers, {
      signal: gone.signal,
      ...(options.roleLines === undefined ? {} : { roleLines: options.roleLines }),
    });
    const record: RecordedRequest = {
      sessionId: turn.sessionId,
      parentSessionId: turn.parentSessionId,
      role: turn.role,
      headers,
      body: parsed.data,
      bytes: Buffer.byteLength(text),
      startedAt,
      aborted: false,
    };
    const id = String(recorded.push(record));
    const inEngine = engine.begin({
      prompt: promptText(parsed.data),
      priority: parsed.data.priority ?? 0,
      signal: gone.signal,
    });
    const finished = new Promise<void>((resolve) => {
      response.once("close", () => {
        record.endedAt = Date.now();
        record.aborted = !response.writableFinished;
        if (record.aborted) gone.abort();
        else record.status = response.statusCode;
        resolve();
      });
    });
    let ended: string | undefined;
    try {
      const refusal = tooLong(model, inEngine.promptTokens);
      if (refusal) return send(response, refusal);
      const reply = await askBrain(options, turn, inEngine);
      if (gone.signal.aborted) return;
      const pieces = replyTokens(reply);
      if (reply.raw) {
        inEngine.firstByte();
        send(response, {
          status: reply.raw.status ?? 200,
          contentType: reply.raw.contentType ?? "text/event-stream",
          body: reply.raw.body,
        });
      } else if (reply.error) {
        inEngine.firstByte();
        const { status, message = "scripted failure", type = "InternalServerError", retryAfterS } = reply.error;
        const headers = retryAfterS === undefined ? {} : { "retry-after": String(retryAfterS) };
        send(response, { ...errorAnswer(status, message, type), headers });
      } else if (reply.broken) {
        // Taken up by the engine: a request that is stuck does not queue.
        inEngine.firstByte();
        await sendBroken(response, reply.broken, { model: model.modelId, signal: gone.signal });
      } else {
        const refused = inEngine.answer(replyText(reply), pieces);
        if (refused !== undefined) return send(response, errorAnswer(400, refused));
        // Nothing is said, and the usage is not known, before the prompt is computed.
        await inEngine.ready(0);
        if (gone.signal.aborted) return;
        flights.set(id, { reply, inEngine });
        const body = JSON.stringify({ ...parsed.data, [TAG]: id });
        await passThrough({
          upstream,
          agent,
          body,
          response,
          signal: gone.signal,
          inEngine,
          timed: virtualTime !== undefined,
        });
      }
      await finished;
      ended =
        record.status === 200 ? (reply.finishReason ?? (reply.toolCalls?.length ? "tool_calls" : "stop")) : undefined;
    } finally {
      flights.delete(id);
      inEngine.end(ended);
    }
  }

  async function route(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(incoming.url ?? "/", `http://${LOCAL}`).pathname;
    if (!authorized(incoming, path, options.apiKeys ?? []))
      return send(response, { status: 401, contentType: "application/json", body: '{"error":"Unauthorized"}' });
    if (incoming.method === "POST" && path === "/v1/chat/completions") return complete(incoming, response);
    if (incoming.method === "POST" && path === "/tokenize") {
      const body = jsonOf(await readText(incoming));
      return send(response, answerTokenize(promptOf(body), model));
    }
    if (virtualTime && incoming.method === "POST" && path === TIME_PATH) {
      const command = timeCommand.safeParse(jsonOf(await readText(incoming)));
      if (!command.success) return send(response, errorAnswer(400, command.error.message));
      const answered = await virtualTime.obey(command.data);
      if (!answered) return send(response, errorAnswer(409, "Nobody holds this server's time: hold it first."));
      return send(response, { status: 200, contentType: "application/json", body: JSON.stringify(answered) });
    }
    if (incoming.method === "GET" && path === "/metrics") {
      return send(response, {
        status: 200,
        contentType: "text/plain; version=0.0.4",
        body: metricsText(model.modelId, engine.gauges(), engine.counters, engine.cache),
      });
    }
    const known = incoming.method === "GET" ? answerGet(path, model) : undefined;
    send(
      response,
      known ?? errorAnswer(404, `The scripted server has no ${incoming.method} ${path}.`, "NotFoundError"),
    );
  }

  const front = createServer((incoming, response) => {
    route(incoming, response).catch((error: unknown) => {
      if (response.destroyed) return;
      const message = messageOf(error);
      if (response.headersSent) response.destroy();
      else send(response, errorAnswer(500, `The scripted model failed: ${message}`, "InternalServerError"));
    });
  });
  // A client under load takes up a connection again that it thinks alive: closing it after Node's 5 s breaks requests.
  front.keepAliveTimeout = KEEP_ALIVE_MS;
  try {
    await listen(front, options.port ?? 0, LOCAL);
  } catch (error) {
    await aimock.stop();
    throw error;
  }
  return {
    baseUrl: `http://${LOCAL}:${(front.address() as AddressInfo).port}/v1`,
    requests: () => [...recorded],
    async close() {
      const closed = new Promise<void>((resolve) => front.close(() => resolve()));
      front.closeAllConnections();
      await closed;
      engine.close();
      agent.destroy();
      await aimock.stop();
    },
  };
}
