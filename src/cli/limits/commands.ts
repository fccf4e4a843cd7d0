import type { Command } from "commander";
import { type Io, paint, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";
import { registerRead } from "./read.ts";
import { registerSet } from "./set.ts";
import { registerStatusline } from "./statusline.ts";

/** `limits [set|read|statusline]`: how full the providers' limits are, as far as anybody knows. */
export function registerLimits(program: Command, io: Io): void {
  const group = program
    .command("limits")
    .description(say(io.lang, "limits.description"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () =>
      examples(io, [
        "limits",
        "limits --json",
        "limits set claude 5h=40 weekly=70",
        "limits read",
        "limits statusline < input.json",
      ]),
    )
    .action((options: { json?: boolean }) => show(io, options.json === true));
  for (const register of [registerSet, registerRead, registerStatusline]) register(group, io);
}

async function show(io: Io, json: boolean): Promise<void> {
  const { loadRouting, routingState, withState } = await import("../routing/load.ts");
  const { stillHolds, usageOf, warningDue } = await import("../../core/routing/limits/usage.ts");
  const { policy } = await loadRouting(io);
  const now = Date.now();
  const state = routingState(io);
  const { windows, fusion } = await withState(io, async () => ({
    windows: (await state.limits()).filter((window) => stillHolds(window, now)),
    fusion: await state.fusion(),
  }));
  const providers = Object.fromEntries(
    [...policy.providers.keys()].map((id) => {
      const { percent, resetsAt } = usageOf(id, windows, policy.threshold, now);
      return [
        id,
        { usedPercent: percent ?? null, resetsAt: resetsAt === undefined ? null : new Date(resetsAt).toISOString() },
      ];
    }),
  );
  const percent = providers[policy.primary]?.usedPercent ?? undefined;
  const zone = { from: policy.hybridFrom, limit: policy.threshold };
  const modeOn = fusion.mode !== undefined && fusion.mode !== "off";
  const warn = warningDue(percent, zone, { modeOn, warned: false }).due;
  if (json) {
    return writeJson(io, {
      primary: policy.primary,
      providers,
      windows: windows.map((window) => ({
        ...window,
        resetsAt: window.resetsAt === undefined ? null : new Date(window.resetsAt).toISOString(),
        observedAt: new Date(window.observedAt).toISOString(),
      })),
      ...(warn
        ? { warning: say(io.lang, "limits.primaryWarning", { provider: policy.primary, percent: percent ?? 0 }) }
        : {}),
    });
  }
  if (windows.length === 0) io.stdout.write(`${say(io.lang, "limits.none")}\n${say(io.lang, "limits.next")}\n`);
  for (const { provider, model, windowKind, usedPercent, resetsAt, source, blocks } of windows) {
    const name = model === undefined ? provider : `${provider} ${model}`;
    const used = usedPercent === undefined ? say(io.lang, "limits.unknown") : `${usedPercent} %`;
    const until =
      resetsAt === undefined ? "" : say(io.lang, "limits.until", { time: new Date(resetsAt).toLocaleString() });
    const note = blocks ? "" : `(${say(io.lang, "limits.notBlocking")})`;
    const full = usedPercent !== undefined && usedPercent >= policy.threshold;
    const row = [name.padEnd(24), windowKind.padEnd(9), used.padEnd(12), until, `[${source}]`, note];
    io.stdout.write(`${paint(io, full ? "red" : "dim", row.filter((cell) => cell !== "").join(" "))}\n`);
  }
  if (warn)
    io.stdout.write(
      `${paint(io, "yellow", say(io.lang, "limits.primaryWarning", { provider: policy.primary, percent: percent ?? 0 }))}\n`,
    );
}
