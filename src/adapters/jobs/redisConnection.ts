import type { Redis } from "ioredis";
import { type JobEngine, JobStoreError } from "../../ports/jobEngine.ts";
import { messageOf } from "../../ports/thrown.ts";

const CONNECT_MS = 5_000;
/** Tries of one command; a runner goes on trying to write an end. */
const TRIES = 3;

/** A connection that answers. @throws JobStoreError where Redis does not */
export async function connected(Connection: typeof Redis, url: string): Promise<Redis> {
  const redis = new Connection(url, { lazyConnect: true, maxRetriesPerRequest: TRIES, connectTimeout: CONNECT_MS });
  let told: unknown;
  redis.on("error", (error) => {
    told = error;
  });
  try {
    await redis.connect();
    await redis.ping();
    return redis;
  } catch (error) {
    redis.disconnect();
    throw unreachable(url, told ?? error);
  }
}

/** The failure of a Redis that cannot be used. */
export function unreachable(url: string, error: unknown): JobStoreError {
  return new JobStoreError(
    "unreachable",
    { place: addressOf(url), reason: messageOf(error) },
    `Redis at ${addressOf(url)} cannot be used: ${messageOf(error)}`,
    'Start it, set jobs.redis or REDIS_URL, or write "jobs": {"engine": "local"}.',
  );
}

/** Where it is, without a password. */
export function addressOf(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
}

/** The same engine, whose failures at Redis say where and what to do. */
export function failing<T extends JobEngine>(engine: T, url: string): T {
  return new Proxy(engine, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function" || name === "placeOf" || name === "changed" || name === "close") return method;
      return async (...args: unknown[]) => {
        try {
          return await Reflect.apply(method, target, args);
        } catch (error) {
          throw error instanceof JobStoreError ? error : unreachable(url, error);
        }
      };
    },
  });
}
