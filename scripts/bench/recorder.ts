import { Buffer } from "node:buffer";
import { createServer, type IncomingHttpHeaders, request } from "node:http";
import type { AddressInfo } from "node:net";

/** A completion request exactly as it came. */
export interface RawRequest {
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Recorder {
  /** Ends in `/v1`. */
  baseUrl: string;
  /** The requests since the last call. */
  take(): RawRequest[];
  close(): Promise<void>;
}

/** Stands before a model server and keeps every completion request byte for byte. */
export async function startRecorder(upstream: string): Promise<Recorder> {
  const target = new URL(upstream);
  let kept: RawRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    if (incoming.method === "POST") kept.push({ headers: incoming.headers, body: body.toString("utf8") });
    const { method, url: path, headers } = incoming;
    const onward = request({ host: target.hostname, port: target.port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    onward.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    take() {
      const taken = kept;
      kept = [];
      return taken;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
