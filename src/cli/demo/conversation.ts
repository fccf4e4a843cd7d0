import { createOpencodeClient, type OpencodeClient } from "@opencode-ai/sdk/v2";
import { withinTime } from "../../ports/timeLimit.ts";

/** Milliseconds; a loopback server that is silent for longer is stuck. */
const CALL_TIMEOUT_MS = 15_000;

/** The demo's chat with the Commander: what the scripted person says and what comes back. */
export interface Conversation {
  say(text: string): Promise<void>;
  /** True while the Commander's session runs. */
  busy(): Promise<boolean>;
  /** Texts and errors of the Commander since the last call, in order; a text only once it is complete. */
  news(): Promise<readonly { kind: "text" | "error"; text: string }[]>;
}

/**
 * Opens a session with the agent `commander`. Throws when the server refuses, which is also how a plugin that did not
 * load shows: the agent is not there.
 */
export async function openConversation(options: {
  url: string;
  password: string;
  projectDir: string;
  agent: string;
  signal: AbortSignal;
}): Promise<Conversation> {
  const client: OpencodeClient = createOpencodeClient({
    baseUrl: options.url,
    directory: options.projectDir,
    headers: { authorization: `Basic ${Buffer.from(`opencode:${options.password}`).toString("base64")}` },
  });
  const call = <T>(run: (limit: { signal: AbortSignal }) => Promise<T>) =>
    withinTime(CALL_TIMEOUT_MS, options.signal, (signal) => run({ signal }));
  const created = await call((limit) => client.session.create({ title: "Demo", agent: options.agent }, limit));
  const sessionID = created.data?.id;
  if (sessionID === undefined) throw new Error(`OpenCode made no session: ${JSON.stringify(created.error)}`);
  const shown = new Set<string>();
  return {
    async say(text) {
      const parts = [{ type: "text" as const, text }];
      const sent = await call((limit) => client.session.promptAsync({ sessionID, agent: options.agent, parts }, limit));
      if (sent.error) throw new Error(`OpenCode did not take the message: ${JSON.stringify(sent.error)}`);
    },
    async busy() {
      const status = await call((limit) => client.session.status({}, limit));
      return status.data?.[sessionID] !== undefined && status.data[sessionID].type !== "idle";
    },
    async news() {
      const listed = await call((limit) => client.session.messages({ sessionID }, limit));
      const fresh: { kind: "text" | "error"; text: string }[] = [];
      const show = (key: string, kind: "text" | "error", text: string) => {
        if (shown.has(key) || text.trim() === "") return;
        shown.add(key);
        fresh.push({ kind, text: text.trim() });
      };
      for (const { info, parts } of listed.data ?? []) {
        if (info.role !== "assistant") continue;
        for (const part of parts)
          if (part.type === "text" && part.time?.end !== undefined) show(part.id, "text", part.text);
        if (info.error) show(`${info.id}-error`, "error", errorText(info.error));
      }
      return fresh;
    },
  };
}

function errorText(error: { name: string; data?: unknown }): string {
  const data = error.data;
  const message = typeof data === "object" && data !== null && "message" in data ? String(data.message) : "";
  return `${error.name}: ${message}`;
}
