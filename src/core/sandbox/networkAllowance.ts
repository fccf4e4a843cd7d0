/** Hosts that package managers fetch from by default: npm, PyPI, crates.io, Go, RubyGems, Maven Central, Packagist. */
const REGISTRIES = [
  "registry.npmjs.org",
  "registry.yarnpkg.com",
  "pypi.org",
  "files.pythonhosted.org",
  "crates.io",
  "index.crates.io",
  "static.crates.io",
  "proxy.golang.org",
  "sum.golang.org",
  "rubygems.org",
  "index.rubygems.org",
  "repo.maven.apache.org",
  "repo1.maven.org",
  "packagist.org",
  "repo.packagist.org",
] as const;

/** Ports of a host that is named without one. */
const WEB_PORTS = [80, 443];

/** What a sandboxed shell may reach. */
export interface NetworkAllowance {
  /** By lower-case name or address: the ports that may be reached. */
  hosts: ReadonlyMap<string, ReadonlySet<number>>;
  /** Ports of this machine's own loopback, shown at the same place inside. */
  loopbackPorts: readonly number[];
}

/** `name`, `name:port`, `[v6]:port`. */
const ENTRY = /^(?<host>\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::(?<port>\d{1,5}))?$/iu;

/** Whether a text can stand in `sandbox.network`. Loopback needs its port: all of it would be every service of the machine's. */
export function isNetworkEntry(entry: string): boolean {
  if (entry === "registry") return true;
  const target = readEntry(entry);
  return target !== undefined && (target.port !== undefined || !isLoopbackHost(target.host));
}

/**
 * Reads `sandbox.network`. An entry that cannot be read allows nothing.
 *
 * @param entries `registry` (the public package registries), `host` (ports 80 and 443), `host:port`, `localhost:port`
 */
export function networkAllowance(entries: readonly string[]): NetworkAllowance {
  const hosts = new Map<string, ReadonlySet<number>>();
  const loopback = new Set<number>();
  const add = (host: string, ports: readonly number[]) => {
    hosts.set(host, new Set([...(hosts.get(host) ?? []), ...ports]));
  };
  for (const entry of entries.filter(isNetworkEntry)) {
    if (entry === "registry") for (const host of REGISTRIES) add(host, WEB_PORTS);
    const target = entry === "registry" ? undefined : readEntry(entry);
    if (target === undefined) continue;
    if (!isLoopbackHost(target.host)) add(target.host, target.port === undefined ? WEB_PORTS : [target.port]);
    else if (target.port !== undefined) loopback.add(target.port);
  }
  return { hosts, loopbackPorts: [...loopback].sort((a, b) => a - b) };
}

/** Whether anything may be reached at all. */
export function allowsAnything({ hosts, loopbackPorts }: NetworkAllowance): boolean {
  return hosts.size > 0 || loopbackPorts.length > 0;
}

/** What a request inside leads to: this machine's own loopback, a host to be looked up, or nothing. */
export type NetworkVerdict =
  | { kind: "loopback"; port: number }
  | { kind: "host"; host: string; port: number }
  | undefined;

/** @param host as the request names it: any case, a dot at its end, `[v6]` or `v6` */
export function judgeTarget(allowance: NetworkAllowance, host: string, port: number): NetworkVerdict {
  const name = plainHost(host);
  if (isLoopbackHost(name)) return allowance.loopbackPorts.includes(port) ? { kind: "loopback", port } : undefined;
  return allowance.hosts.get(name)?.has(port) ? { kind: "host", host: name, port } : undefined;
}

function readEntry(entry: string): { host: string; port: number | undefined } | undefined {
  const { host = "", port } = ENTRY.exec(entry.trim())?.groups ?? {};
  if (host === "") return undefined;
  const number = port === undefined ? undefined : Number(port);
  if (number !== undefined && (number < 1 || number > 65_535)) return undefined;
  return { host: plainHost(host), port: number };
}

function plainHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/u, "$1")
    .replace(/\.$/u, "");
}

function isLoopbackHost(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" || /^127(?:\.\d{1,3}){3}$/u.test(host);
}
