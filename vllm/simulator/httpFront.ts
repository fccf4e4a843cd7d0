import { Buffer } from "node:buffer";
import { type Agent, type IncomingMessage, request as openRequest, type Server, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { EngineRequest } from "./engine.ts";
import { paced } from "./paced.ts";
import type { SurfaceAnswer } from "./surface.ts";
import { ChatRequest } from "./turn.ts";

/** Bytes; a full context of 262,144 tokens is about 1 MB. */
const MAX_BODY = 32 * 1024 * 1024;

/** One request on its way to aimock; `signal` aborts with the client. */
export interface PassThrough {
  upstream: URL;
  agent: Agent;
  body: string;
  response: ServerResponse;
  signal: AbortSignal;
  inEngine: EngineRequest;
  /** Events say when their token was made. */
  timed: boolean;
}

/** Sends the body to aimock and its answer to the client: each event when the engine has its token. Resolves when either side has ended. */
export function passThrough({ upstream, agent, body, response, signal, inEngine, timed }: PassThrough): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = openRequest({
      host: upstream.hostname,
      port: upstream.port,
      path: "/v1/chat/completions",
      method: "POST",
      agent,
      headers,
      signal,
    });
    sent.on("error", (error) => (signal.aborted ? resolve() : reject(error)));
    sent.on("response", (answered) => {
      inEngine.firstByte();
      const kept = ["content-type", "cache-control", "retry-after"].flatMap((name) => {
        const value = answered.headers[name];
        return typeof value === "string" ? [[name, value] as const] : [];
      });
      response.writeHead(answered.statusCode ?? 502, Object.fromEntries(kept));
      const failed = (error: Error) => (signal.aborted ? resolve() : reject(error));
      pipeline(answered, paced(inEngine, timed), response, { signal }).then(resolve, failed);
    });
    sent.end(body);
  });
}

/** Writes a whole answer. */
export const send = (response: ServerResponse, answer: SurfaceAnswer): void => {
  response.writeHead(answer.status, { "content-type": answer.contentType, ...answer.headers });
  response.end(answer.body);
};

/** The request body as text; throws past the limit. */
export async function readText(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming) {
    parts.push(part as Buffer);
    size += (part as Buffer).length;
    if (size > MAX_BODY) throw new Error(`a request body over ${MAX_BODY} bytes`);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Parsed JSON, or undefined where the text is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The text of a `/tokenize` body: `prompt`, or the messages one after the other. */
export function promptOf(body: unknown): string {
  if (typeof body !== "object" || body === null) return "";
  if ("prompt" in body && typeof body.prompt === "string") return body.prompt;
  const chat = ChatRequest.safeParse({ model: "", ...body });
  return chat.success ? chat.data.messages.map((message) => JSON.stringify(message.content ?? "")).join("\n") : "";
}

/** Headers with repeated ones joined. */
export const plainHeaders = (incoming: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );

/** Listens on one address; rejects when the port is taken. */
export const listen = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });

/** Whether a request may go on: a server with keys guards what is below `/v1`, as vLLM does, and leaves `/health` and `/metrics` open. */
export function authorized(incoming: IncomingMessage, path: string, keys: readonly string[]): boolean {
  if (keys.length === 0 || !path.startsWith("/v1")) return true;
  const [scheme, token] = (incoming.headers.authorization ?? "").split(" ");
  return scheme?.toLowerCase() === "bearer" && token !== undefined && keys.includes(token);
}
