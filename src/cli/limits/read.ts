import { join } from "node:path";
import type { Command } from "commander";
import type { LimitReading } from "../../core/routing/limits/window.ts";
import { homeOf } from "../config/load.ts";
import { type Io, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/**
 * `limits read`: asks every source there is. Codex's session files always; what needs the network (`codex app-server`, the
 * usage endpoints) only where `routing.external.enabled` is true.
 */
export function registerRead(group: Command, io: Io): void {
  group
    .command("read")
    .description(say(io.lang, "limits.read.description"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () => examples(io, ["limits read", "limits read --json"]))
    .action(async (options: { json?: boolean }, command: Command) => {
      const { loadRouting, routingState, withState } = await import("../routing/load.ts");
      const { mergeWindows } = await import("../../core/routing/limits/usage.ts");
      const { policy } = await loadRouting(io);
      const now = Date.now();
      const readings = await everySource(io, policy.externalAllowed, now);
      await withState(io, async () => {
        const state = routingState(io);
        const read = readings.flatMap(({ reading }) => (reading.ok ? reading.windows : []));
        await state.saveLimits(mergeWindows(await state.limits(), read, now));
      });
      if (options.json || command.optsWithGlobals().json) {
        const sources = Object.fromEntries(readings.map(({ source, reading }) => [source, reading]));
        return writeJson(io, { ok: true, sources });
      }
      for (const { source, reading } of readings) {
        const result = reading.ok
          ? say(io.lang, "limits.read.windows", { count: reading.windows.length })
          : reading.reason;
        io.stdout.write(`${say(io.lang, "limits.read.done", { source, result })}\n`);
      }
    });
}

async function everySource(
  io: Io,
  external: boolean,
  now: number,
): Promise<{ source: string; reading: LimitReading }[]> {
  const { codexRolloutLimits } = await import("../../adapters/routing/codexRollouts.ts");
  const home = io.env.CODEX_HOME || join(homeOf(io), ".codex");
  const files = { source: "codex-rollout", reading: await codexRolloutLimits(home, now) };
  if (!external) return [files];
  const { codexAppServerLimits } = await import("../../adapters/routing/codexAppServer.ts");
  const { askEndpoint, LIMIT_ENDPOINTS } = await import("../../adapters/routing/limitEndpoints.ts");
  const endpoints = LIMIT_ENDPOINTS.flatMap(({ variable, ...endpoint }) => {
    const credential = io.env[variable];
    return credential ? [{ endpoint: { variable, ...endpoint }, credential }] : [];
  });
  return Promise.all([
    files,
    codexAppServerLimits(["codex", "app-server"], now, io.signal).then((reading) => ({
      source: "codex-app-server",
      reading,
    })),
    ...endpoints.map(async ({ endpoint, credential }) => ({
      source: `${endpoint.provider}-endpoint`,
      reading: await askEndpoint(endpoint, credential, now),
    })),
  ]);
}
