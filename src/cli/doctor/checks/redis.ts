import { connect } from "node:net";
import { redisUrl } from "../../../config/jobsHome.ts";
import { type Check, fail, ok, skip } from "../check.ts";
import { reasonOf } from "../reasonOf.ts";

const timeoutMs = 5_000;

/** Says PING to a Redis and gives its answer's first line. */
function ping(host: string, port: number, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const give = (end: () => void) => {
      socket.destroy();
      end();
    };
    socket.once("connect", () => socket.write("PING\r\n"));
    socket.once("data", (data) => give(() => resolve(data.toString("utf8").split("\r\n")[0] ?? "")));
    socket.once("timeout", () => give(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`))));
    socket.once("error", (error) => give(() => reject(error)));
    signal.addEventListener("abort", () => give(() => reject(new Error("aborted"))), { once: true });
  });
}

/** Only where jobs run over Redis. */
export const checkRedis: Check = {
  name: "redis",
  group: "swarm",
  needs: ["config"],
  run: async ({ io, say, facts }, signal) => {
    const read = await facts.config();
    if (!read.ok || read.config.jobs.engine !== "bullmq") return skip(say("doctor.seen.redis.unused"));
    const url = redisUrl(read.config.jobs, io.env);
    const mend = say("doctor.mend.redis");
    if (!URL.canParse(url)) return fail(say("doctor.seen.redis.url"), mend);
    const { hostname, port, host } = new URL(url);
    try {
      const answer = await ping(hostname, Number(port || 6379), signal);
      // One that wants a password answers too: -NOAUTH.
      return /^\+PONG|^-NOAUTH/.test(answer) ? ok(host) : fail(say("doctor.seen.redis.other", { host, answer }), mend);
    } catch (error) {
      signal.throwIfAborted();
      return fail(`${host}: ${reasonOf(error)}`, mend);
    }
  },
};
