import { join } from "node:path";
import type { Config } from "./schema.ts";
import { stateHome } from "./stateHome.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Where the local engine keeps jobs: `OMQ_RESULTS_DIR` where that is an absolute path, else `jobs` of the state directory. */
export function jobsHome(env: Env, home: string): string {
  const moved = env.OMQ_RESULTS_DIR;
  return moved?.startsWith("/") ? moved : join(stateHome(env, home), "jobs");
}

/** The Redis of the BullMQ engine: `jobs.redis`, else `REDIS_URL`, else this machine's. */
export function redisUrl(jobs: Config["jobs"], env: Env): string {
  return jobs.redis ?? (env.REDIS_URL || "redis://127.0.0.1:6379");
}
