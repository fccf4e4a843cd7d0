import { type Check, type CheckContext, fail, ok, skip, warn } from "../check.ts";
import { listModels, type Target } from "../facts/modelList.ts";

/** The target, for checks that need `base-url`: without one that check has failed. */
export async function targetOf({ facts, say }: CheckContext): Promise<Target> {
  const target = await facts.target();
  if (!target) throw new Error(say("doctor.seen.baseUrl.none"));
  return target;
}

/** Something that lists models answers at the base URL. */
export const checkBaseUrl: Check = {
  name: "base-url",
  group: "server",
  needs: ["config", "opencode-config"],
  run: async (context) => {
    const { facts, say } = context;
    const target = await facts.target();
    if (!target) return fail(say("doctor.seen.baseUrl.none"), say("doctor.mend.install"));
    const list = await facts.models();
    const { baseUrl } = target;
    // A refused key is an answer: the next check is about it.
    if ("models" in list || list.status === 401 || list.status === 403) return ok(baseUrl);
    const seen = say("doctor.seen.baseUrl.silent", { url: baseUrl, reason: list.failed });
    if (list.status === undefined) return fail(seen, say("doctor.mend.baseUrl"));
    return fail(seen, say("doctor.mend.baseUrl.other"));
  },
};

export const checkApiKey: Check = {
  name: "api-key",
  group: "server",
  needs: ["base-url"],
  run: async (context) => {
    const { facts, say } = context;
    const target = await targetOf(context);
    const list = await facts.models();
    if (!("models" in list)) {
      const key = target.apiKey ? "doctor.seen.apiKey.wrong" : "doctor.seen.apiKey.missing";
      return fail(say(key, { status: list.status ?? "?" }), say("doctor.mend.apiKey"));
    }
    return ok(say(target.apiKey ? "doctor.seen.apiKey.taken" : "doctor.seen.apiKey.unneeded"));
  },
};

export const checkModel: Check = {
  name: "model",
  group: "server",
  needs: ["api-key"],
  run: async (context) => {
    const { facts, say } = context;
    const { model } = await targetOf(context);
    const list = await facts.models();
    if (!("models" in list)) return skip(list.failed);
    if (list.models.some(({ id }) => id === model)) return ok(model);
    const served = list.models.map(({ id }) => id).join(", ") || "—";
    return fail(say("doctor.seen.model", { model, served }), say("doctor.mend.model", { model }));
  },
};

/** OpenCode is told the context the server has: more ends in refused requests, less in needless compaction. */
export const checkContext: Check = {
  name: "context",
  group: "server",
  needs: ["model"],
  run: async (context) => {
    const { facts, say } = context;
    const { model, declaredContext } = await targetOf(context);
    const list = await facts.models();
    const served = "models" in list ? list.models.find(({ id }) => id === model)?.maxModelLen : undefined;
    if (served === undefined) return warn(say("doctor.seen.context.unknown"), say("doctor.mend.context.unknown"));
    if (declaredContext === served) return ok(say("doctor.seen.context.ok", { tokens: served }), { tokens: served });
    const seen = say("doctor.seen.context", { declared: declaredContext ?? "—", served });
    const mend = say("doctor.mend.context");
    return (declaredContext ?? Number.POSITIVE_INFINITY) > served ? fail(seen, mend) : warn(seen, mend);
  },
};

/** Hexadecimal local addresses that listen on a port, from the kernel's table; undefined where there is none. */
async function listeningOn(port: number): Promise<string[] | undefined> {
  const { readFile } = await import("node:fs/promises");
  const tables = await Promise.all(
    ["/proc/net/tcp", "/proc/net/tcp6"].map((file) => readFile(file, "utf8").catch(() => undefined)),
  );
  if (tables.every((table) => table === undefined)) return undefined;
  return tables.flatMap((table) =>
    (table ?? "").split("\n").flatMap((line) => {
      const [, local = "", , state] = line.trim().split(/\s+/);
      const [address = "", hex = ""] = local.split(":");
      // 0A: LISTEN, see proc(5).
      return state === "0A" && Number.parseInt(hex, 16) === port ? [address] : [];
    }),
  );
}

const isOpen = (address: string): boolean => /^0+$/.test(address);

/** An address that others can reach needs a key. */
export const checkBind: Check = {
  name: "bind",
  group: "server",
  needs: ["api-key"],
  run: async (context, signal) => {
    const { say } = context;
    const { isLoopback } = await import("../../../../vllm/server/settings.ts");
    const target = await targetOf(context);
    const { hostname, port, protocol } = new URL(target.baseUrl);
    const open = "models" in (await listModels({ baseUrl: target.baseUrl, apiKey: undefined }, signal));
    if (!open) return ok(say("doctor.seen.bind.key"));
    if (!isLoopback(hostname)) return warn(say("doctor.seen.bind.remote", { host: hostname }), say("doctor.mend.bind"));
    const addresses = await listeningOn(Number(port || (protocol === "https:" ? 443 : 80)));
    if (addresses?.some(isOpen)) return fail(say("doctor.seen.bind.open", { port }), say("doctor.mend.bind"));
    return ok(say("doctor.seen.bind.loopback"));
  },
};
