import { Argument, type Command } from "commander";
import type { FusionState } from "../../core/routing/fusionState.ts";
import type { FusionMode } from "../../core/routing/verdict.ts";
import { CliFailure } from "../failure.ts";
import { type Io, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";
import type { LoadedRouting } from "../routing/load.ts";

const MODES = { on: "always", off: "off", auto: "auto", "save-tokens": "save-tokens" } as const satisfies Record<
  string,
  FusionMode
>;

/** `fusion on|off|auto|save-tokens|fallback|status`: switches that hold for every session from now on. */
export function registerFusion(program: Command, io: Io): void {
  const group = program
    .command("fusion")
    .description(say(io.lang, "fusion.description"))
    .addHelpText("after", () =>
      examples(io, ["fusion status", "fusion auto", "fusion fallback on", "fusion off --json"]),
    );
  for (const [name, mode] of Object.entries(MODES) as [keyof typeof MODES, FusionMode][]) {
    group
      .command(name)
      .description(say(io.lang, `fusion.${name}.description`))
      .option("--json", say(io.lang, "option.json"))
      .addHelpText("after", () => examples(io, [`fusion ${name}`, `fusion ${name} --json`]))
      .action((options: { json?: boolean }) => change(io, options.json === true, (state) => ({ ...state, mode })));
  }
  group
    .command("fallback")
    .description(say(io.lang, "fusion.fallback.description"))
    .addArgument(new Argument("[state]", say(io.lang, "fusion.fallback.state")).choices(["on", "off"]).default("on"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () => examples(io, ["fusion fallback", "fusion fallback off"]))
    .action((word: "on" | "off", options: { json?: boolean }) =>
      change(io, options.json === true, ({ fallback: _, ...state }, { policy }) => {
        if (word === "off") return state;
        if (policy.fallback.length === 0)
          throw new CliFailure(say(io.lang, "fusion.fallback.empty", { primary: policy.primary }), {
            next: say(io.lang, "fusion.fallback.emptyNext"),
          });
        return { ...state, fallback: { why: say("en", "fusion.byPerson"), since: Date.now() } };
      }),
    );
  group
    .command("status")
    .description(say(io.lang, "fusion.status.description"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () => examples(io, ["fusion status", "fusion status --json"]))
    .action((options: { json?: boolean }) => change(io, options.json === true));
}

/** Changes what is kept, where `next` is given, and shows it. Nothing outside is allowed by it: that is configuration. */
async function change(
  io: Io,
  json: boolean,
  next?: (state: FusionState, loaded: LoadedRouting) => FusionState,
): Promise<void> {
  const { loadRouting, routingState, withState } = await import("../routing/load.ts");
  const loaded = await loadRouting(io);
  const state = await withState(io, async () => {
    const store = routingState(io);
    const before = await store.fusion();
    if (next === undefined) return before;
    const after = next(before, loaded);
    await store.saveFusion(after);
    return after;
  });
  const { policy, config } = loaded;
  const { routingTally } = await import("../routing/load.ts");
  const tally = routingTally(io);
  const mode = state.mode ?? (config.fusionDefault ? "always" : "off");
  const now = Date.now();
  const rests = state.cooldowns.filter(({ until }) => until > now);
  // One whose time has passed ends with the next decision.
  const fallback = state.fallback?.until === undefined || state.fallback.until > now ? state.fallback : undefined;
  const time = (ms: number) => new Date(ms).toISOString();
  if (json) {
    return writeJson(io, {
      ok: true,
      mode,
      primary: policy.primary,
      external: policy.externalAllowed,
      fallback: {
        active: fallback !== undefined,
        chain: policy.fallback,
        ...(fallback ? { why: fallback.why, since: time(fallback.since) } : {}),
        ...(fallback?.until === undefined ? {} : { until: time(fallback.until) }),
      },
      cooldowns: rests.map(({ provider, until, why }) => ({ provider, until: time(until), why })),
      routed: tally.providers,
      blocked: tally.blocked,
      savedTokens: tally.savedTokens,
    });
  }
  const external = say(io.lang, policy.externalAllowed ? "fusion.allowed" : "fusion.forbidden");
  const chain = policy.fallback.length > 0 ? policy.fallback.join(", ") : say(io.lang, "fusion.chainEmpty");
  const lines = [
    say(io.lang, "fusion.mode", { mode }),
    say(io.lang, "fusion.primary", { primary: policy.primary, external }),
    fallback
      ? say(io.lang, "fusion.fallbackOn", { why: fallback.why, chain })
      : say(io.lang, "fusion.fallbackOff", { chain }),
    ...rests.map(({ provider, until, why }) => say(io.lang, "fusion.rests", { provider, time: time(until), why })),
  ];
  for (const [provider, { decided, failed, tokens }] of Object.entries(tally.providers)) {
    const { input, output } = tokens;
    lines.push(say(io.lang, "fusion.did", { provider, decided, failed, input, output }));
  }
  if (tally.savedTokens > 0)
    lines.push(say(io.lang, "fusion.saved", { primary: policy.primary, tokens: tally.savedTokens }));
  if (policy.enabled && policy.primary !== "local" && !policy.externalAllowed)
    lines.push(say(io.lang, "fusion.stops", { primary: policy.primary }));
  const mapped = Object.values(policy.tiers).some((providers) => providers.length > 0);
  if (mode !== "off" && policy.primary === "local" && !mapped) lines.push(say(io.lang, "fusion.noEffect"));
  io.stdout.write(`${lines.join("\n")}\n`);
}
