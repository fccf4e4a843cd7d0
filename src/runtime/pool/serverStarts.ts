import type { PoolServer, PoolServers } from "../../ports/poolServers.ts";
import { PoolError } from "./poolError.ts";

/** Ports looked at for one server: more than that in a row are not taken by chance. */
const PORTS = 100;

/** Starts servers, each on a port that neither another program nor another start of this pool has. */
export class ServerStarts {
  private readonly servers: PoolServers;
  private readonly basePort: number;
  /** Ports of servers that run or are being started. */
  private readonly reserved = new Set<number>();

  constructor(servers: PoolServers, basePort: number) {
    this.servers = servers;
    this.basePort = basePort;
  }

  /** On the port `wanted` if it can be had, else on the first free one from the base. @throws PoolError where none is free */
  async start(wanted: number | undefined): Promise<PoolServer> {
    const { basePort } = this;
    const ports = [
      ...(wanted === undefined ? [] : [wanted]),
      ...Array.from({ length: PORTS }, (_, at) => basePort + at),
    ];
    for (const port of ports) {
      if (port > 65_535 || this.reserved.has(port)) continue;
      this.reserved.add(port);
      try {
        const server = await this.servers.start(port);
        if (server !== "taken") {
          void server.ended.then(() => this.reserved.delete(port));
          return server;
        }
      } catch (error) {
        this.reserved.delete(port);
        throw error;
      }
      this.reserved.delete(port);
    }
    throw new PoolError("ports", `Ports ${basePort} to ${basePort + PORTS - 1} are taken. Choose another basePort.`);
  }
}
