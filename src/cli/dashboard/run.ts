import { randomBytes } from "node:crypto";
import type { Config } from "../../config/schema.ts";
import { hasCode, messageOf } from "../../ports/thrown.ts";
import { CliFailure } from "../failure.ts";
import { viewPlaces } from "../hud/place.ts";
import { type Io, paint, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { packageRoot } from "../packageRoot.ts";
import { loadRouting } from "../routing/load.ts";
import { pricesOf } from "../stats/report.ts";
import { traceEndpoint } from "../telemetry/endpoint.ts";
import type { TraceFollower } from "../telemetry/traceFollower.ts";
import { hasScreen, openBrowser } from "./browser.ts";
import { Charts } from "./charts.ts";
import { Feeds } from "./feeds.ts";
import { isLoopbackName } from "./guard.ts";
import { Metrics } from "./metrics.ts";
import { readPage } from "./page.ts";
import { serveDashboard } from "./server.ts";

export interface DashboardOptions {
  /** 0: a free one. */
  port: number;
  host: string;
  open: boolean;
  json?: boolean;
}

/** Characters of a token that somebody else chose: what a random one of this has cannot be guessed. */
const SHORTEST_TOKEN = 32;

/** Requests are counted this often (ms) even if nobody scrapes: their buckets are dropped after a month. */
const COUNT_MS = 60_000;

/** Serves the dashboard until the signal. @throws CliFailure where it cannot begin */
export async function runDashboard(io: Io, { port, host, open, json }: DashboardOptions): Promise<void> {
  const token = tokenOf(io);
  const routing = await loadRouting(io);
  const feeds = new Feeds(viewPlaces(io), new Charts(routing));
  const { dir, version } = packageRoot();
  const metrics = new Metrics(version, pricesOf(routing));
  const traces = await tracesOf(io, routing.config, feeds, version);
  const counting = setInterval(() => metrics.count(feeds.newest.measured), COUNT_MS);
  try {
    metrics.count(feeds.newest.measured);
    const page = readPage(dir);
    const server = await serveDashboard(
      {
        page,
        feed: (swarm) => feeds.of(swarm),
        left: (feed) => feeds.left(feed),
        metrics: async () => ({ type: metrics.contentType, text: await metrics.text(feeds.newest.measured) }),
      },
      { host, port, token },
    ).catch((error: unknown) => {
      throw unavailable(io, { host, port }, error);
    });
    try {
      const base = `http://${host.includes(":") ? `[${host}]` : host}:${server.port}`;
      const url = `${base}/#token=${token}`;
      await tell(io, { url, metrics: `${base}/metrics`, host, port: server.port, token, open, json: json === true });
      await new Promise<void>((resolve) => {
        if (io.signal.aborted) resolve();
        io.signal.addEventListener("abort", () => resolve());
      });
    } finally {
      await server.close();
    }
  } finally {
    clearInterval(counting);
    await traces?.close();
    feeds.close();
  }
}

/** Sends traces where an endpoint is set; one that is not allowed is named, and the rest goes on. */
async function tracesOf(io: Io, config: Config, feeds: Feeds, version: string): Promise<TraceFollower | undefined> {
  const endpoint = traceEndpoint(config, io.env);
  if (endpoint.kind === "none") return undefined;
  const warn = (text: string) => io.stderr.write(`${paint(io, "yellow", say(io.lang, "warning"))} ${text}\n`);
  if (endpoint.kind === "refused") {
    const { host } = endpoint;
    warn(`${say(io.lang, "trace.refused", { host })} ${say(io.lang, "trace.refused.next", { host })}`);
    return undefined;
  }
  const { url } = endpoint;
  // Its libraries are large, and few need them.
  const { TraceFollower } = await import("../telemetry/traceFollower.ts");
  const follower = new TraceFollower(
    () => feeds.newest.traced,
    { url, version },
    (why) => warn(say(io.lang, "trace.failed", { url, why })),
  );
  follower.start();
  return follower;
}

interface Told {
  url: string;
  metrics: string;
  host: string;
  port: number;
  token: string;
  open: boolean;
  json: boolean;
}

async function tell(io: Io, { url, metrics, host, port, token, open, json }: Told): Promise<void> {
  if (json) writeJson(io, { ok: true, url, metrics, host, port, token });
  else {
    io.stdout.write(`${say(io.lang, "dashboard.ready", { url: paint(io, "bold", url) })}\n`);
    io.stdout.write(`${say(io.lang, "dashboard.metrics", { url: metrics })}\n`);
  }
  if (!isLoopbackName(host)) io.stderr.write(`${paint(io, "yellow", say(io.lang, "dashboard.exposed", { host }))}\n`);
  if (json) return;
  const opened = open && io.isTTY && hasScreen(io.env) && (await openBrowser(url));
  io.stdout.write(`${say(io.lang, opened ? "dashboard.opened" : "dashboard.openIt")}\n`);
}

/** A random one, or the person's own where something has to know it beforehand. */
function tokenOf(io: Io): string {
  const own = io.env.AEGIS_DASHBOARD_TOKEN;
  if (!own) return randomBytes(32).toString("base64url");
  if (/^[\w.~-]+$/.test(own) && own.length >= SHORTEST_TOKEN) return own;
  throw new CliFailure(say(io.lang, "dashboard.badToken", { n: SHORTEST_TOKEN }), {
    exitCode: 2,
    next: say(io.lang, "dashboard.badToken.next"),
  });
}

function unavailable(io: Io, { host, port }: { host: string; port: number }, error: unknown): unknown {
  const values = { host, port };
  if (hasCode(error, "EADDRINUSE"))
    return new CliFailure(say(io.lang, "dashboard.taken", values), { next: say(io.lang, "dashboard.taken.next") });
  if (hasCode(error, "EADDRNOTAVAIL", "ENOTFOUND", "EACCES"))
    return new CliFailure(say(io.lang, "dashboard.noAddress", { ...values, why: messageOf(error) }), {
      next: say(io.lang, "dashboard.noAddress.next"),
    });
  return error;
}
