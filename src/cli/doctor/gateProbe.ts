import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createOpencodeClient } from "@opencode-ai/sdk/v2";
import { z } from "zod";
import { messageOf } from "../../ports/thrown.ts";
import { TimeLimit, withinTime } from "../../ports/timeLimit.ts";
import { PROBE_VARIABLE, probeAnswer } from "../../runtime/modelGate/probe.ts";
import { startOpencode } from "../demo/opencodeServe.ts";

/** What became of a message to the Commander that only the model gate can answer. */
export type GateProbe =
  /** The gate answered, and no request left. */
  | { kind: "stands" }
  /** The request came to where the model server would be: nothing of ours stood in its way. */
  | { kind: "passed" }
  /** Somebody else answered, or nobody. */
  | { kind: "other"; answer: string }
  /** OpenCode did not start, or refused the message. */
  | { kind: "not-asked"; reason: string };

/** OpenCode's start may take over a minute offline; the answer itself needs no model. */
const START_MS = 90_000;
const ANSWER_MS = 120_000;

const inlineConfig = z.looseObject({ provider: z.record(z.string(), z.looseObject({})).optional() });
const message = z.looseObject({
  info: z.looseObject({ error: z.looseObject({ data: z.looseObject({ message: z.string() }).partial() }).optional() }),
  parts: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
});

/**
 * Asks a real OpenCode's Commander one thing, in a process whose gate answers by itself with a word nobody else can know.
 * All providers point to a socket of ours meanwhile, so that a request that is not held up reaches no model either. The
 * project is not written to, and the session is deleted again.
 *
 * @param about.env the whole environment of the process; `AEGIS_LOOK_ONLY` is set here
 * @param about.providers ids of the providers in the merged configuration
 * @throws the signal's reason when it is aborted
 */
export async function probeGate(
  about: {
    program: string;
    cwd: string;
    env: Readonly<Record<string, string>>;
    commander: string;
    providers: readonly string[];
  },
  signal: AbortSignal,
): Promise<GateProbe> {
  const nonce = randomBytes(12).toString("hex");
  const password = randomBytes(24).toString("base64url");
  const trap = await listen();
  try {
    const server = await startOpencode({
      program: about.program,
      cwd: about.cwd,
      env: {
        ...about.env,
        AEGIS_LOOK_ONLY: "1",
        [PROBE_VARIABLE]: nonce,
        OPENCODE_CONFIG_CONTENT: trapped(about.env.OPENCODE_CONFIG_CONTENT, about.providers, trap.baseUrl),
        OPENCODE_SERVER_PASSWORD: password,
        OPENCODE_SERVER_USERNAME: "opencode",
      },
      startTimeoutMs: START_MS,
      signal,
    });
    try {
      const client = createOpencodeClient({
        baseUrl: server.url,
        directory: about.cwd,
        headers: { authorization: `Basic ${Buffer.from(`opencode:${password}`).toString("base64")}` },
      });
      const limit = new TimeLimit(ANSWER_MS, signal);
      const call = { signal: limit.signal };
      const agents = (await limit.race(client.app.agents({}, call))).data ?? [];
      if (!agents.some(({ name }) => name === about.commander))
        return { kind: "not-asked", reason: `OpenCode has no agent ${about.commander}: the plugin is not loaded` };
      // With a title of its own OpenCode asks no model for one.
      const made = await limit.race(client.session.create({ title: "Aegis gate probe", agent: about.commander }, call));
      if (!made.data) return { kind: "not-asked", reason: wordsOf(made.error) };
      const sessionID = made.data.id;
      try {
        const parts = [{ type: "text" as const, text: "Aegis gate probe" }];
        const sent = await limit.race(client.session.prompt({ sessionID, agent: about.commander, parts }, call));
        if (trap.requests() > 0) return { kind: "passed" };
        const answer = message.safeParse(sent.data).data;
        if (!answer) return { kind: "not-asked", reason: wordsOf(sent.error) };
        const text = answer.parts.map((part) => (part.type === "text" ? (part.text ?? "") : "")).join("");
        if (text === probeAnswer(nonce)) return { kind: "stands" };
        return { kind: "other", answer: answer.info.error?.data.message ?? text.slice(0, 200) };
      } finally {
        await withinTime(ANSWER_MS, [], (stop) => client.session.delete({ sessionID }, { signal: stop }));
      }
    } finally {
      await server.stop();
    }
  } catch (error) {
    signal.throwIfAborted();
    return trap.requests() > 0
      ? { kind: "passed" }
      : { kind: "not-asked", reason: messageOf(error).split("\n")[0] ?? "" };
  } finally {
    await trap.close();
  }
}

/** The person's inline configuration, with every provider's address replaced. @throws where it is not JSON. */
function trapped(content: string | undefined, providers: readonly string[], baseURL: string): string {
  const given = inlineConfig.parse(JSON.parse(content || "{}"));
  const provider: Record<string, object> = { ...given.provider };
  for (const id of new Set([...providers, ...Object.keys(provider)])) {
    const entry: unknown = provider[id] ?? {};
    const options: unknown = Reflect.get(Object(entry), "options");
    provider[id] = { ...Object(entry), options: { ...Object(options), baseURL } };
  }
  return JSON.stringify({ ...given, provider });
}

/** Where the model server would be: counts what comes, and answers what nobody tries again. */
async function listen() {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    request.resume();
    response.writeHead(400, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: { message: "Aegis gate probe: this request was not held up." } }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests: () => requests,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function wordsOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  const said: unknown = Reflect.get(Object(Reflect.get(Object(error), "data")), "message");
  return typeof said === "string" ? said : (JSON.stringify(error) ?? "no answer");
}
