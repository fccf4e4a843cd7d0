import { randomBytes } from "node:crypto";
import { z } from "zod";
import { withinTime } from "../../../ports/timeLimit.ts";
import { startOpencode } from "../../demo/opencodeServe.ts";
import { reasonOf } from "../reasonOf.ts";
import type { StartLimit } from "./mergedConfig.ts";

/** What a running OpenCode has in a project. */
export interface Served {
  tools: string[];
  agents: string[];
  /** Providers it would send requests to, with the URL where it tells one. */
  providers: { id: string; urls: string[] }[];
  /** Milliseconds from its start to its address. */
  startMs: number;
}

const toolsSchema = z.array(z.string());
const agentsSchema = z.array(z.looseObject({ name: z.string() }));
const providersSchema = z.looseObject({
  providers: z.array(
    z.looseObject({
      id: z.string(),
      options: z.looseObject({ baseURL: z.string().optional() }).optional(),
      models: z.record(z.string(), z.looseObject({ api: z.looseObject({ url: z.string().optional() }).optional() })),
    }),
  ),
});

/**
 * Starts a real server in the project and looks at it: OpenCode drops a broken plugin without a word, so only its tools
 * prove that it was loaded.
 *
 * @returns what is there, or why the server cannot be looked at
 */
export async function lookInto(
  program: string,
  cwd: string,
  env: Record<string, string>,
  { signal, limit }: { signal: AbortSignal; limit: StartLimit },
): Promise<Served | string> {
  const password = randomBytes(24).toString("base64url");
  const began = performance.now();
  try {
    const server = await startOpencode({
      program,
      cwd,
      env: { ...env, OPENCODE_SERVER_PASSWORD: password, OPENCODE_SERVER_USERNAME: "opencode" },
      startTimeoutMs: limit.leftMs,
      signal,
    });
    const startMs = Math.round(performance.now() - began);
    try {
      const get = async (path: string): Promise<unknown> => {
        const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString("base64")}`;
        return await withinTime(limit.leftMs, signal, async (over): Promise<unknown> => {
          const response = await fetch(`${server.url}${path}`, { headers: { authorization }, signal: over });
          if (!response.ok) throw new Error(`${path} answered ${response.status}`);
          return await response.json();
        });
      };
      const tools = toolsSchema.parse(await get("/experimental/tool/ids"));
      const agents = agentsSchema.parse(await get("/agent"));
      const { providers } = providersSchema.parse(await get("/config/providers"));
      return {
        tools,
        agents: agents.map(({ name }) => name),
        providers: providers.map(({ id, options, models }) => ({
          id,
          urls: [...new Set([options?.baseURL, ...Object.values(models).map((model) => model.api?.url)])].filter(
            (url): url is string => url !== undefined && url !== "",
          ),
        })),
        startMs,
      };
    } finally {
      await server.stop();
    }
  } catch (error) {
    signal.throwIfAborted();
    return reasonOf(error);
  }
}
