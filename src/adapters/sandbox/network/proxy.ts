import { lookup as systemLookup } from "node:dns/promises";
import { rm } from "node:fs/promises";
import { connect as connectSocket, createServer, type Server, type Socket } from "node:net";
import { judgeTarget, type NetworkAllowance } from "../../../core/sandbox/networkAllowance.ts";
import { isOwnAddress } from "./ownAddress.ts";
import { type ProxyRequest, readRequest } from "./readRequest.ts";

/** One try of a sandboxed program to reach something. */
export interface NetworkAttempt {
  host: string;
  port: number;
  /** Why not; undefined where it was let through. */
  refused: string | undefined;
}

export interface NetworkProxyOptions {
  allowance: NetworkAllowance;
  /** Absolute path of the socket to listen on. */
  socketPath: string;
  /** Ports of this machine that are never reached, listed or not: the host's own, where a person's answers come in. */
  neverPorts: readonly number[];
  onAttempt(attempt: NetworkAttempt): void;
  /** Addresses of a name, most wanted first; the system's resolver without it. */
  lookup?: (host: string) => Promise<string[]>;
  connect?: (address: string, port: number) => Socket;
}

export interface NetworkProxy {
  socketPath: string;
  close(): Promise<void>;
}

/** Longest head of a request, bytes; Node's own limit for HTTP. */
const MAX_HEAD = 16_384;
/** A client that says nothing holds a connection no longer than this, ms. */
const HEAD_LIMIT_MS = 10_000;
const CONNECT_LIMIT_MS = 30_000;

/**
 * An HTTP proxy (CONNECT and absolute addresses) on a Unix socket that reaches what the allowance names and nothing else.
 * Names are looked up here, and only those that are allowed: no question about another name leaves the machine.
 *
 * @throws where the socket cannot be made
 */
export async function startNetworkProxy(options: NetworkProxyOptions): Promise<NetworkProxy> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    open.add(client);
    client.on("close", () => open.delete(client));
    // A program that goes away in the middle is nothing to report.
    client.on("error", () => client.destroy());
    serve(client, options, open);
  });
  await rm(options.socketPath, { force: true });
  await listening(server, options.socketPath);
  // The process may end while it listens.
  server.unref();
  return {
    socketPath: options.socketPath,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function listening(server: Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, () => resolve());
  });
}

function serve(client: Socket, options: NetworkProxyOptions, open: Set<Socket>): void {
  let head = Buffer.alloc(0);
  const timer = setTimeout(() => client.destroy(), HEAD_LIMIT_MS);
  client.on("close", () => clearTimeout(timer));
  const onData = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end === -1 && head.length <= MAX_HEAD) return;
    clearTimeout(timer);
    client.off("data", onData);
    client.pause();
    const request = end === -1 ? undefined : readRequest(head.subarray(0, end).toString("latin1"));
    if (!request) return refuse(client, 400, "no request this proxy understands: CONNECT host:port, or GET http://…");
    carry(client, request, head.subarray(end + 4), options, open).catch((error: unknown) =>
      refuse(client, 502, error instanceof Error ? error.message : String(error)),
    );
  };
  client.on("data", onData);
}

async function carry(
  client: Socket,
  request: ProxyRequest,
  rest: Buffer,
  options: NetworkProxyOptions,
  open: Set<Socket>,
): Promise<void> {
  const { host, port } = request;
  const address = await addressFor(request, options);
  const refused = typeof address === "string" ? undefined : address.refused;
  options.onAttempt({ host: host.slice(0, 255), port, refused });
  if (typeof address !== "string") return refuse(client, 403, `${host}:${port} ${address.refused}`);
  const upstream = (options.connect ?? ((to, at) => connectSocket(at, to)))(address, port);
  open.add(upstream);
  upstream.on("close", () => {
    open.delete(upstream);
    client.destroy();
  });
  client.on("close", () => upstream.destroy());
  upstream.setTimeout(CONNECT_LIMIT_MS, () => upstream.destroy(new Error("no answer")));
  upstream.on("error", (error) => refuse(client, 502, `${host}:${port} cannot be reached: ${error.message}`));
  upstream.once("connect", () => {
    upstream.setTimeout(0);
    if (request.forward === undefined) client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    else upstream.write(request.forward);
    if (rest.length > 0) upstream.write(rest);
    client.pipe(upstream);
    upstream.pipe(client);
    client.resume();
  });
}

async function addressFor(
  { host, port }: ProxyRequest,
  { allowance, neverPorts, lookup }: NetworkProxyOptions,
): Promise<string | { refused: string }> {
  const verdict = judgeTarget(allowance, host, port);
  if (!verdict) return { refused: "is not in sandbox.network" };
  if (verdict.kind === "loopback") {
    return neverPorts.includes(port) ? { refused: "is OpenCode's own port, which no command reaches" } : "127.0.0.1";
  }
  const found = await (lookup ?? resolve)(verdict.host);
  const [address] = found.filter((each) => !isOwnAddress(each));
  // Whoever owns an allowed name could point it here, and past the rule about ports of this machine.
  return address ?? { refused: found.length > 0 ? "leads to this machine itself" : "has no address" };
}

async function resolve(host: string): Promise<string[]> {
  return (await systemLookup(host, { all: true })).map(({ address }) => address);
}

function refuse(client: Socket, status: number, why: string): void {
  if (!client.writable) return;
  const text = `aegis: ${why}.\nNext step: work with what is in the project, or tell the person what would have to be allowed (sandbox.network).\n`;
  const reason = status === 403 ? "Forbidden" : status === 400 ? "Bad Request" : "Bad Gateway";
  client.end(
    `HTTP/1.1 ${status} ${reason}\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  );
}
