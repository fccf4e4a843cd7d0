import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, request as openRequest, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { LLMock } from "@copilotkit/aimock";
import { messageOf } from "../../src/ports/thrown.ts";
import type { Brain, Reply } from "./brain.ts";
import { completionOf } from "./completion.ts";
import { jsonOf, listen, plainHeaders, readText, send } from "./httpFront.ts";
import type { RecordedRequest, ScriptedServer } from "./scriptedServer.ts";
import { type ForeignSurface, surfaceError } from "./surfaceError.ts";
import { ChatRequest, turnOf } from "./turn.ts";

const LOCAL = "127.0.0.1";
/** aimock hands this header's value to its response factory, which sees the body and no other header. */
const TAG = "x-aimock-context";

export interface SurfaceServerOptions {
  surface: ForeignSurface;
  brain: Brain;
  modelId: string;
  /** Headers of every answer, such as a provider's rate limits. */
  headers?: () => Readonly<Record<string, string>>;
}

/** One request between its arrival and the answer's end. */
interface Flight {
  headers: Readonly<Record<string, string>>;
  bytes: number;
  gone: AbortController;
  record?: RecordedRequest;
  failed?: NonNullable<Reply["error"]>;
}

/**
 * Starts a scripted model behind the API of a provider that is no vLLM on 127.0.0.1: aimock reads the request
 * and writes the answer in the provider's own form; this front adds the session for the brain, the provider's own errors and
 * records. Of a reply it plays text, tool calls, errors and the finish reason.
 */
export async function startSurfaceServer(options: SurfaceServerOptions): Promise<ScriptedServer> {
  const recorded: RecordedRequest[] = [];
  const flights = new Map<string, Flight>();
  let count = 0;

  const aimock = new LLMock({ host: LOCAL, port: 0, logLevel: "silent" });
  aimock.addFixture({
    match: { predicate: () => true },
    response: async (request) => {
      const flight = flights.get(String(request._context));
      if (!flight) return { error: { message: "The scripted server lost this request." }, status: 500 };
      const body = ChatRequest.parse({ ...request, messages: request.messages.map(unwrapped) });
      const turn = turnOf(body, flight.headers, { signal: flight.gone.signal });
      const { sessionId, parentSessionId, role } = turn;
      const { headers, bytes } = flight;
      const about = { sessionId, parentSessionId, role, headers, bytes, body };
      flight.record = { ...about, startedAt: Date.now(), aborted: false };
      recorded.push(flight.record);
      const reply = await options.brain(turn);
      if (!reply.error) return completionOf(reply, { model: options.modelId, promptTokens: Math.ceil(bytes / 4) });
      flight.failed = reply.error;
      return { error: { message: reply.error.message ?? "scripted failure" }, status: reply.error.status };
    },
  });
  const upstream = new URL(await aimock.start());

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readText(incoming);
    const gone = new AbortController();
    const flight: Flight = { headers: plainHeaders(incoming), bytes: Buffer.byteLength(text), gone };
    count += 1;
    const id = String(count);
    flights.set(id, flight);
    response.once("close", () => {
      flights.delete(id);
      if (!response.writableFinished) gone.abort();
      if (!flight.record) return;
      flight.record.endedAt = Date.now();
      flight.record.aborted = !response.writableFinished;
      if (response.writableFinished) flight.record.status = response.statusCode;
    });
    await new Promise<void>((resolve, reject) => {
      const failed = (error: Error) => (gone.signal.aborted ? resolve() : reject(error));
      const sent = openRequest({
        host: upstream.hostname,
        port: upstream.port,
        path: incoming.url ?? "/",
        method: incoming.method ?? "POST",
        headers: { "content-type": "application/json", "content-length": flight.bytes, [TAG]: id },
        signal: gone.signal,
      });
      sent.on("error", failed);
      sent.on("response", (answered) => {
        const own = options.headers?.() ?? {};
        if (flight.failed) {
          answered.resume();
          const answer = surfaceError(options.surface, flight.failed);
          send(response, { ...answer, headers: { ...own, ...answer.headers } });
          return resolve();
        }
        const type = answered.headers["content-type"] ?? "application/json";
        response.writeHead(answered.statusCode ?? 502, { "content-type": type, ...own });
        pipeline(answered, response).then(resolve, failed);
      });
      sent.end(text);
    });
  }

  const front = createServer((incoming, response) => {
    handle(incoming, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else send(response, surfaceError(options.surface, { status: 500, message: messageOf(error) }));
    });
  });
  try {
    await listen(front, 0, LOCAL);
  } catch (error) {
    await aimock.stop();
    throw error;
  }
  const root = `http://${LOCAL}:${(front.address() as AddressInfo).port}`;
  return {
    // As each provider's own base address ends, behind which the host puts the path of a call.
    baseUrl: options.surface === "gemini" ? `${root}/v1beta` : `${root}/v1`,
    requests: () => [...recorded],
    async close() {
      const closed = new Promise<void>((resolve) => front.close(() => resolve()));
      front.closeAllConnections();
      await closed;
      await aimock.stop();
    },
  };
}

/** Gemini's clients put a tool's text into `{name, content}`; a brain sees the text, as from any other surface. */
function unwrapped<M extends { role: string; content?: unknown }>(message: M): M {
  if (message.role !== "tool" || typeof message.content !== "string") return message;
  const value = jsonOf(message.content);
  const inner = typeof value === "object" && value !== null && "content" in value ? value.content : undefined;
  return typeof inner === "string" ? { ...message, content: inner } : message;
}
