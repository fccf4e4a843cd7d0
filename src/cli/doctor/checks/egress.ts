import { egress } from "../../../core/gate/egress.ts";
import { hiddenProvider } from "../../../core/gate/hiddenProvider.ts";
import type { HostConfigFault, HostConfigFinding } from "../../../core/gate/hostConfig.ts";
import { type Check, type CheckContext, fail, ok, skip, warn } from "../check.ts";
import type { MergedConfig } from "../facts/mergedConfig.ts";

/** Providers of the merged configuration on hosts that are neither loopback nor allowed; a chosen model is not needed for it. */
export function foreignProviders(config: MergedConfig, allowed: readonly string[]): { entry: string; value: string }[] {
  return Object.entries(config.provider ?? {}).flatMap(([name, provider]) => {
    const url = provider.options?.baseURL;
    const verdict = url === undefined ? undefined : egress(url, allowed);
    return verdict?.kind === "refused" ? [{ entry: `provider.${name}`, value: verdict.host }] : [];
  });
}

/** The plugin's findings of some kinds, or why there are none. */
async function findingsOf({ facts }: CheckContext, faults: readonly HostConfigFault[]) {
  const found = await facts.hostFindings();
  return typeof found === "string" ? found : found.filter(({ fault }) => faults.includes(fault));
}

/** The merged configuration with the plugin's findings of some kinds in it, or why there is none. */
async function judgedConfig(
  context: CheckContext,
  faults: readonly HostConfigFault[],
): Promise<string | { merged: MergedConfig; found: readonly HostConfigFinding[] }> {
  const merged = await context.facts.merged();
  if (typeof merged === "string") return merged;
  const found = await findingsOf(context, faults);
  return typeof found === "string" ? found : { merged, found };
}

const listOf = ({ say }: CheckContext, found: readonly HostConfigFinding[]): string =>
  found
    .map(({ fault, entry, value }) =>
      say(`doctor.seen.hostFault.${fault}`, { entry, value: value === "" ? say("doctor.seen.notSet") : value }),
    )
    .join("; ");

/** Nothing but loopback and allowed hosts in what OpenCode merged. */
export const checkNothingLeaves: Check = {
  name: "nothing-leaves",
  group: "opencode",
  needs: ["opencode-config", "config"],
  run: async (context) => {
    const { say, facts } = context;
    const judged = await judgedConfig(context, ["foreign-host", "unreadable"]);
    if (typeof judged === "string") return skip(judged);
    const providers = foreignProviders(judged.merged, await facts.allowedHosts()).map((one) => ({
      ...one,
      fault: "foreign-host" as const,
      what: "",
      mend: "",
    }));
    const foreign = [...providers, ...judged.found];
    if (foreign.length === 0) return ok(say("doctor.seen.nothingLeaves.ok"));
    const data = { foreign: foreign.map(({ entry, value }) => ({ entry, value })) };
    return fail(listOf(context, foreign), say("doctor.mend.nothingLeaves"), data);
  },
};

/** Nothing of the configuration or the repository runs where no gate and no sandbox is, or in a gated tool's place. */
export const checkPastGates: Check = {
  name: "past-gates",
  group: "opencode",
  needs: ["opencode-config", "config"],
  run: async (context) => {
    const { say } = context;
    const found = await findingsOf(context, ["program", "repository-code", "mcp-name"]);
    if (typeof found === "string") return skip(found);
    return found.length === 0
      ? ok(say("doctor.seen.pastGates.ok"))
      : fail(listOf(context, found), say("doctor.mend.pastGates"));
  },
};

/** Providers that OpenCode loads by itself (a key in the environment, a login, its hosted default) are in no file. */
export const checkProviders: Check = {
  name: "providers",
  group: "opencode",
  needs: ["nothing-leaves"],
  run: async (context) => {
    const { say, facts } = context;
    const served = await facts.served();
    if (typeof served === "string") return skip(served);
    const allowed = await facts.allowedHosts();
    const foreign = served.providers.filter(
      ({ urls }) => urls.length === 0 || urls.some((url) => egress(url, allowed).kind === "refused"),
    );
    if (foreign.length === 0) return ok(served.providers.map(({ id }) => id).join(", "));
    return warn(
      say("doctor.seen.providers", { names: foreign.map(({ id }) => id).join(", ") }),
      say("doctor.mend.enabledProviders"),
    );
  },
};

/** Every model that is named has an address in the configuration, and none is left to OpenCode's choice. */
export const checkDefaultModel: Check = {
  name: "default-model",
  group: "opencode",
  needs: ["opencode-config", "config"],
  run: async (context) => {
    const { say } = context;
    const judged = await judgedConfig(context, ["hosted-model", "no-model"]);
    if (typeof judged === "string") return skip(judged);
    const { merged, found } = judged;
    if (found.length > 0) return fail(listOf(context, found), say("doctor.mend.defaultModel"));
    for (const key of ["model", "small_model"] as const) {
      const model = merged[key];
      const enabled = merged.enabled_providers;
      const provider = model && enabled ? hiddenProvider(model, enabled) : undefined;
      if (model && provider !== undefined) {
        const about = { key, model, provider };
        return warn(say("doctor.seen.defaultModel.hidden", about), say("doctor.mend.defaultModel.hidden", about));
      }
    }
    return ok(merged.model ?? (merged.enabled_providers ?? []).join(", "));
  },
};

/** In a directory without the project's file OpenCode falls back to a hosted model and sends the prompt there. */
export const checkElsewhere: Check = {
  name: "elsewhere",
  group: "opencode",
  needs: ["opencode-config"],
  run: async ({ say, facts }) => {
    const merged = await facts.elsewhere();
    if (typeof merged === "string") return warn(merged, say("doctor.mend.installGlobal"));
    const chosen = [merged.model, merged.small_model ?? merged.model].map((model) => model?.split("/")[0] ?? "");
    return chosen.every((provider) => Object.hasOwn(merged.provider ?? {}, provider))
      ? ok(merged.model ?? "—")
      : warn(say("doctor.seen.elsewhere"), say("doctor.mend.installGlobal"));
  },
};

/** Nobody can put a session on OpenCode's public pages. */
export const checkShare: Check = {
  name: "share",
  group: "opencode",
  needs: ["opencode-config", "config"],
  run: async (context) => {
    const { say } = context;
    const judged = await judgedConfig(context, ["share"]);
    if (typeof judged === "string") return skip(judged);
    const { merged, found } = judged;
    return found.length === 0 ? ok(merged.share ?? "—") : fail(listOf(context, found), say("doctor.mend.share"));
  },
};
