import { type Command, InvalidArgumentError, Option } from "commander";
import { FUSION_MODES, type FusionMode } from "../../core/routing/verdict.ts";
import { CliFailure } from "../failure.ts";
import { type Io, paint, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** What `route explain` was told. */
interface ExplainFlags {
  agent: string;
  mode: FusionMode;
  primary?: string;
  allowExternal?: boolean;
  usage: Record<string, number>;
  fallback?: boolean;
  session: string;
  task?: string;
  /** Minutes since local midnight. */
  time?: number;
  json?: boolean;
}

/** `route explain --agent NAME […]`: exit 0 with a verdict, 1 where a rule stops the work or nobody knows the agent. */
export function registerRoute(program: Command, io: Io): void {
  const group = program.command("route").description(say(io.lang, "route.description"));
  const text = (key: Parameters<typeof say>[1]) => say(io.lang, key);
  group
    .command("explain")
    .description(text("route.explain.description"))
    .requiredOption("--agent <name>", text("route.explain.agent"))
    .addOption(new Option("--mode <mode>", text("route.explain.mode")).choices(FUSION_MODES).default("off"))
    .option("--primary <provider>", text("route.explain.primary"))
    .option("--allow-external", text("route.explain.allowExternal"))
    .addOption(
      new Option("--usage <provider=percent>", text("route.explain.usage"))
        .argParser((word: string, before: Record<string, number>) => ({ ...before, ...readUsage(io, word) }))
        .default({}, "-"),
    )
    .option("--fallback", text("route.explain.fallback"))
    .option("--session <id>", text("route.explain.session"), "")
    .option("--task <text>", text("route.explain.task"))
    .addOption(
      new Option("--time <HH:MM>", text("route.explain.time")).argParser((word: string) => readClock(io, word)),
    )
    .option("--json", text("option.json"))
    .addHelpText("after", () =>
      examples(io, [
        "route explain --agent executor",
        "route explain --agent explore --mode always --primary claude --allow-external --json",
        "route explain --agent architect --primary claude --allow-external --usage claude=92",
      ]),
    )
    .action((flags: ExplainFlags) => explain(io, flags));
}

function readUsage(io: Io, word: string): Record<string, number> {
  const [, provider = "", percent = ""] = /^([^=\s]+)=(\d+(?:\.\d+)?)%?$/.exec(word) ?? [];
  if (provider === "" || Number(percent) > 100) throw new InvalidArgumentError(say(io.lang, "route.usage"));
  return { [provider]: Number(percent) };
}

function readClock(io: Io, word: string): number {
  const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(word) ?? [];
  if (hours === undefined) throw new InvalidArgumentError(say(io.lang, "route.time"));
  return Number(hours) * 60 + Number(minutes);
}

async function explain(io: Io, flags: ExplainFlags): Promise<void> {
  const { describedOrFail, loadRouting } = await import("../routing/load.ts");
  const { decideRoute } = await import("../../core/routing/decideRoute.ts");
  const { providerId } = await import("../../core/routing/providers.ts");
  const { config, policy, picker } = await loadRouting(io, {
    ...(flags.primary === undefined ? {} : { primary: flags.primary }),
    ...(flags.allowExternal ? { externalAllowed: true } : {}),
  });
  for (const name of Object.keys(flags.usage)) describedOrFail(io, config, name);
  const clock = new Date();
  const providers = Object.fromEntries(
    Object.entries(flags.usage).map(([name, percent]) => [providerId(name), { percent }]),
  );
  const steps: Parameters<typeof decideRoute>[3] = [];
  const verdict = decideRoute(
    policy,
    { providers, pick: picker(), ...(flags.fallback ? { fallback: "--fallback" } : {}) },
    {
      agent: flags.agent,
      mode: flags.mode,
      session: flags.session,
      minute: flags.time ?? clock.getHours() * 60 + clock.getMinutes(),
      ...(flags.task === undefined ? {} : { task: flags.task }),
    },
    steps,
  );
  if (verdict.kind === "unknown-agent") {
    const { nearest } = await import("../../config/nearest.ts");
    const suggestion = nearest(verdict.agent, [...policy.agents.keys()]);
    const key = suggestion === undefined ? "route.unknownAgent.nextPlain" : "route.unknownAgent.next";
    throw new CliFailure(say(io.lang, "route.unknownAgent", { agent: flags.agent }), {
      next: say(io.lang, key, { suggestion: suggestion ?? "" }),
      data: { agent: verdict.agent },
    });
  }
  const tier = verdict.tier.toUpperCase();
  if (verdict.kind === "blocked") {
    const { wanted, rule, reason } = verdict;
    throw new CliFailure(say(io.lang, "route.blocked", { provider: wanted, why: reason.detail }), {
      next: say(io.lang, "route.blocked.next", { provider: wanted }),
      data: { provider: null, model: null, tier, reason, rule, wanted, steps },
    });
  }
  const { provider, model, reason, agent } = verdict;
  if (flags.json) return writeJson(io, { provider, model, tier, reason, steps });
  io.stdout.write(`${paint(io, "bold", say(io.lang, "route.verdict", { agent, tier, provider, model }))}\n`);
  io.stdout.write(`${say(io.lang, "route.reason", { ...reason })}\n`);
  for (const { step, outcome } of steps) io.stdout.write(`  ${step.padEnd(9)} ${outcome}\n`);
}
