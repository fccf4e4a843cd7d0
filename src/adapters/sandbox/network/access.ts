import path from "node:path";
import { allowsAnything } from "../../../core/sandbox/networkAllowance.ts";
import { type NetworkProxy, type NetworkProxyOptions, startNetworkProxy } from "./proxy.ts";

export interface NetworkAccessOptions extends Omit<NetworkProxyOptions, "socketPath"> {
  /** Absolute path of `scripts/aegis-shell/forward.mjs`. */
  forwarder: string;
  /** Runs the forwarder: Node, or a program that Bun was compiled into (OpenCode). This process's own without it. */
  runtime?: string;
}

/** What a call with a network needs beside its mounts. */
export interface NetworkCall {
  /** bwrap's arguments. */
  args: string[];
  /** Ports the forwarder opens inside, the proxy's first: the wrapper starts it with them. */
  ports: string;
}

/** The proxy's port inside. Below the ephemeral range, and nobody's well-known one. */
const PROXY_PORT = 18_129;
const INSIDE = "/run/aegis";

/** Gives calls their way to the allow-listing proxy; starts it with the first one. */
export class NetworkAccess {
  private readonly options: NetworkAccessOptions;
  private proxy: Promise<NetworkProxy> | undefined;

  constructor(options: NetworkAccessOptions) {
    this.options = options;
  }

  /**
   * @param store directory for the socket
   * @returns undefined where nothing is allowed
   * @throws where the proxy cannot be started: then the call must not run
   */
  async forCall(store: string): Promise<NetworkCall | undefined> {
    const { forwarder, runtime = process.execPath, ...proxy } = this.options;
    const { allowance } = proxy;
    if (!allowsAnything(allowance)) return undefined;
    const socketPath = path.join(store, "net");
    this.proxy ??= startNetworkProxy({ ...proxy, socketPath });
    const started = await this.proxy.catch((error: unknown) => {
      this.proxy = undefined;
      throw error;
    });
    const proxyUrl = `http://127.0.0.1:${PROXY_PORT}`;
    const environment: Record<string, string> = {
      ...Object.fromEntries(
        ["HTTP_PROXY", "HTTPS_PROXY"].flatMap((name) => [name, name.toLowerCase()]).map((name) => [name, proxyUrl]),
      ),
      NO_PROXY: "localhost,127.0.0.1,::1",
      no_proxy: "localhost,127.0.0.1,::1",
      // Node's own fetch asks no proxy without it.
      NODE_USE_ENV_PROXY: "1",
    };
    return {
      args: [
        ...["--ro-bind", runtime, `${INSIDE}/runtime`, "--ro-bind", forwarder, `${INSIDE}/forward.mjs`],
        ...["--bind", started.socketPath, `${INSIDE}/net`],
        ...Object.entries(environment).flatMap(([name, value]) => ["--setenv", name, value]),
      ],
      ports: [PROXY_PORT, ...allowance.loopbackPorts].join(" "),
    };
  }

  async close(): Promise<void> {
    const proxy = await this.proxy?.catch(() => undefined);
    await proxy?.close();
  }
}
