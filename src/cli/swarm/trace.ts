import type { Command } from "commander";
import { CliFailure } from "../failure.ts";
import { type Io, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** `swarm trace [--json]`: sends the newest swarm's spans to the OTLP endpoint, once. */
export function registerTrace(group: Command, io: Io): void {
  group
    .command("trace")
    .description(say(io.lang, "swarm.trace.description"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () => examples(io, ["swarm trace", "swarm trace --json"]))
    .action(async ({ json }: { json?: boolean }) => {
      const { soundConfig } = await import("../config/load.ts");
      const { packageRoot } = await import("../packageRoot.ts");
      const { viewPlaces } = await import("../hud/place.ts");
      const { traceEndpoint } = await import("../telemetry/endpoint.ts");
      const { tracedNewest } = await import("../telemetry/tracedNewest.ts");
      const { TraceFollower } = await import("../telemetry/traceFollower.ts");
      const { config } = await soundConfig(io);
      const endpoint = traceEndpoint(config, io.env);
      if (endpoint.kind === "none")
        throw new CliFailure(say(io.lang, "trace.none"), { exitCode: 2, next: say(io.lang, "trace.none.next") });
      if (endpoint.kind === "refused")
        throw new CliFailure(say(io.lang, "trace.refused", { host: endpoint.host }), {
          next: say(io.lang, "trace.refused.next", { host: endpoint.host }),
        });
      const traced = tracedNewest(viewPlaces(io), Date.now());
      if (!traced) throw new CliFailure(say(io.lang, "swarm.none"));
      const { url } = endpoint;
      const follower = new TraceFollower(
        () => traced,
        { url, version: packageRoot().version },
        () => undefined,
      );
      const spans = await follower.send().catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        throw new CliFailure(say(io.lang, "trace.failed", { url, why }), { next: say(io.lang, "trace.failed.next") });
      });
      const swarm = traced.swarm.id;
      if (json) writeJson(io, { ok: true, swarm, spans, endpoint: url });
      else io.stdout.write(`${say(io.lang, "trace.sent", { swarm, n: spans, url })}\n`);
    });
}
