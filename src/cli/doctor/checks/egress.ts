import { isLoopback } from "../../../../vllm/server/settings.ts";
import { type Check, type CheckContext, fail, ok, skip, warn } from "../check.ts";
import { installedHosts } from "../facts/installed.ts";
import type { MergedConfig } from "../facts/mergedConfig.ts";

const hostAllowed = (url: string, allowed: readonly string[]): boolean => {
  if (!URL.canParse(url)) return false;
  const { host, hostname } = new URL(url);
  return isLoopback(hostname) || allowed.includes(host) || allowed.includes(hostname);
};

/** Hosts in the merged configuration that are neither loopback nor allowed, with the entry that names them. */
export function foreignHosts(config: MergedConfig, allowed: readonly string[]): { entry: string; host: string }[] {
  const urls: [string, unknown][] = Object.entries(config.provider ?? {}).map(([name, provider]) => [
    `provider.${name}`,
    provider.options?.baseURL,
  ]);
  for (const [name, server] of Object.entries(config.mcp ?? {})) {
    // A server that is switched off asks nobody.
    if (Reflect.get(Object(server), "enabled") !== false)
      urls.push([`mcp.${name}`, Reflect.get(Object(server), "url")]);
  }
  return urls.flatMap(([entry, url]) =>
    typeof url !== "string" || hostAllowed(url, allowed)
      ? []
      : [{ entry, host: URL.canParse(url) ? new URL(url).host : url }],
  );
}

async function allowedHosts({ io, facts }: CheckContext): Promise<string[]> {
  const read = await facts.config();
  return [...(read.ok ? read.config.security.allowHosts : []), ...installedHosts(io, await facts.projectDir())];
}

/** Nothing but loopback and allowed hosts in what OpenCode merged. */
export const checkNothingLeaves: Check = {
  name: "nothing-leaves",
  group: "opencode",
  needs: ["opencode-config"],
  run: async (context) => {
    const { say, facts } = context;
    const merged = await facts.merged();
    if (typeof merged === "string") return skip(merged);
    const foreign = foreignHosts(merged, await allowedHosts(context));
    if (foreign.length > 0) {
      const list = foreign.map(({ entry, host }) => `${entry} → ${host}`).join(", ");
      return fail(say("doctor.seen.nothingLeaves", { list }), say("doctor.mend.nothingLeaves"), { foreign });
    }
    return ok(say("doctor.seen.nothingLeaves.ok"));
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
    const allowed = await allowedHosts(context);
    const foreign = served.providers.filter(
      ({ urls }) => urls.length === 0 || urls.some((url) => !hostAllowed(url, allowed)),
    );
    if (foreign.length === 0) return ok(served.providers.map(({ id }) => id).join(", "));
    return warn(
      say("doctor.seen.providers", { names: foreign.map(({ id }) => id).join(", ") }),
      say("doctor.mend.enabledProviders"),
    );
  },
};

/** Entries that name a model of no provider in the configuration: OpenCode would take it for a hosted one. */
export function hostedModels(config: MergedConfig): string[] {
  const models: [string, string | undefined][] = [
    ["model", config.model],
    ["small_model", config.small_model],
    ...Object.entries(config.agent ?? {}).map(([name, agent]): [string, string | undefined] => [
      `agent.${name}`,
      agent.model,
    ]),
  ];
  return models.flatMap(([entry, model]) =>
    model === undefined || Object.hasOwn(config.provider ?? {}, model.split("/")[0] ?? "")
      ? []
      : [`${entry} = ${model}`],
  );
}

/** Every model that is named belongs to a provider of the configuration, and one is named. */
export const checkDefaultModel: Check = {
  name: "default-model",
  group: "opencode",
  needs: ["opencode-config"],
  run: async ({ say, facts }) => {
    const merged = await facts.merged();
    if (typeof merged === "string") return skip(merged);
    const foreign = hostedModels(merged);
    const mend = say("doctor.mend.defaultModel");
    if (foreign.length > 0) return fail(say("doctor.seen.defaultModel.hosted", { list: foreign.join(", ") }), mend);
    if (merged.model === undefined) return fail(say("doctor.seen.defaultModel.none"), mend);
    return ok(merged.model);
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
    return merged.model !== undefined && hostedModels(merged).length === 0
      ? ok(merged.model)
      : warn(say("doctor.seen.elsewhere"), say("doctor.mend.installGlobal"));
  },
};
