import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import type { ServerProbe } from "./probe.ts";

/** What was asked, and with the key of which environment variable. */
export interface ProbedServer {
  url: string;
  model: string;
  keyName: string | undefined;
}

/** What a person should know of a model server that does not (yet) serve them; undefined where all is well. */
export function wordProbe(io: Io, probe: ServerProbe, { url, model, keyName }: ProbedServer): string | undefined {
  if (probe.reachable) {
    if (probe.models.some(({ id }) => id === model)) return undefined;
    return say(io.lang, "install.notServed", {
      model,
      url,
      models: probe.models.map(({ id }) => id).join(", ") || "-",
    });
  }
  if (probe.answersAt !== undefined) return say(io.lang, "install.withoutV1", { url, at: probe.answersAt });
  if (probe.status !== 401 && probe.status !== 403)
    return say(io.lang, "install.unreachable", { url, reason: probe.reason });
  const { status } = probe;
  if (keyName === undefined) return say(io.lang, "install.wantsKey", { url, status });
  return say(io.lang, io.env[keyName] ? "install.keyRefused" : "install.keyUnset", { url, status, name: keyName });
}
