import type { PluginInput, PluginModule } from "@opencode-ai/plugin";
import { z } from "zod";
import { HostSelf } from "../src/adapters/opencode/hostSelf.ts";
import { compose } from "./compose.ts";
import { brokenHooks, refusingHooks } from "./hooks/broken.ts";
import { guardHost } from "./hooks/hostGuard.ts";
import { liveHooks } from "./hooks/live.ts";
import { readOptions } from "./options.ts";
import { setup } from "./otherHost.ts";

/** The transport of the client a plugin is given: in `opencode run` and the TUI no server listens on a port. */
const innerClient = z.looseObject({ _client: z.looseObject({ getConfig: z.function() }) });
const innerConfig = z.looseObject({
  baseUrl: z.string().optional(),
  fetch: z.custom<typeof fetch>((value) => typeof value === "function").optional(),
  headers: z.unknown(),
});

function transportOf(input: PluginInput): { baseUrl: string; fetch: typeof fetch; headers: Record<string, string> } {
  const own = { baseUrl: input.serverUrl.href, fetch, headers: {} };
  const client = innerClient.safeParse(input.client);
  if (!client.success) return own;
  const config = innerConfig.safeParse(client.data._client.getConfig());
  if (!config.success) return own;
  const headers: Record<string, string> = {};
  if (config.data.headers instanceof Headers) {
    config.data.headers.forEach((value, name) => {
      headers[name] = value;
    });
  }
  delete headers["content-type"];
  return { baseUrl: config.data.baseUrl ?? own.baseUrl, fetch: config.data.fetch ?? fetch, headers };
}

const module: PluginModule & { setup: typeof setup } = {
  id: "oh-my-qwencoder",
  server: async (input, rawOptions) => {
    const options = readOptions(rawOptions);
    if (!options.ok) return refusingHooks(options.problem, {});
    const transport = transportOf(input);
    const { directory, worktree } = input;
    const composition = await compose({ directory, worktree, ...transport }, options.options);
    if (!composition.ok) return refusingHooks(composition.problem, options.options);
    const hooks = liveHooks(composition, options.options, directory);
    const refusing = (problem: string) => brokenHooks(problem, options.options);
    return guardHost(hooks, new HostSelf(transport), refusing, composition.services.log);
  },
  setup,
};

export default module;
