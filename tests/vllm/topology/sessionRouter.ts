/**
 * A router as small as it can be, for tests: production-stack's `--routing-logic session` in outline. A consistent hash
 * ring over the servers (160 points each), keyed by a header; without the header the first server is asked.
 */
import { createHash } from "node:crypto";
import { createServer, request as openRequest } from "node:http";
import type { AddressInfo } from "node:net";

const POINTS = 160;

const hash = (text: string): number => createHash("sha256").update(text).digest().readUInt32BE(0);

function serverFor(key: string, servers: readonly string[]): string | undefined {
  const ring = servers
    .flatMap((server) => Array.from({ length: POINTS }, (_, point) => ({ at: hash(`${server}#${point}`), server })))
    .sort((a, b) => a.at - b.at);
  const at = hash(key);
  return (ring.find((point) => point.at >= at) ?? ring[0])?.server;
}

export interface SessionRouter {
  /** Ends in `/v1`. */
  baseUrl: string;
  setServers: (origins: readonly string[]) => void;
  close: () => Promise<void>;
}

export async function startSessionRouter(origins: readonly string[], header: string): Promise<SessionRouter> {
  let servers = origins;
  const router = createServer((incoming, response) => {
    const key = incoming.headers[header];
    const origin = typeof key === "string" ? serverFor(key, servers) : servers[0];
    if (origin === undefined) {
      response.writeHead(503).end();
      return;
    }
    const { hostname, port } = new URL(origin);
    const { headers, method, url: path } = incoming;
    const sent = openRequest({ hostname, port, path, method, headers }, (answered) => {
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(response);
    });
    sent.on("error", () => response.destroy());
    incoming.pipe(sent);
  });
  await new Promise<void>((done) => router.listen(0, "127.0.0.1", done));
  const { port } = router.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    setServers: (next) => {
      servers = next;
    },
    close: () =>
      new Promise((done) => {
        router.close(() => done());
        router.closeAllConnections();
      }),
  };
}
