import type { Reply, Turn } from "../../../vllm/simulator/brain.ts";
import { fail, hang } from "../../../vllm/simulator/brain.ts";
import type { Fault } from "../scenario.ts";
import { begin, fault, isPart, sound } from "./play.ts";

/** The first `times` requests of every turn come to grief, then the model answers. */
function storm(grief: (attempt: number) => Reply, times = 2) {
  const seen = new Map<string, number>();
  return (turn: Turn): Reply | undefined => {
    const key = `${turn.sessionId} ${turn.messages.length}`;
    const attempt = seen.get(key) ?? 0;
    seen.set(key, attempt + 1);
    return attempt < times ? grief(attempt) : undefined;
  };
}

const stormy = (name: string, what: string, grief: (attempt: number) => Reply, more: Partial<Fault> = {}): Fault => {
  const play: Fault["play"] = async (stage) => {
    const weather = storm(grief);
    sound(stage, { before: (turn) => (turn.role === "worker" ? weather(turn) : undefined) });
    await begin(stage);
    return undefined;
  };
  return fault(`model-${name}`, what, play, { worker: ["completed"], ...more });
};

const raw = (body: string, contentType = "text/event-stream"): Reply => ({ raw: { body, contentType } });
const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: "s", object: "chat.completion.chunk", created: 0, model: "s", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

/** The model server fails in all its ways. */
export const MODEL_SERVER: readonly Fault[] = [
  stormy("429-storm", "every Worker's request is answered 429 twice", () => fail(429, "Too many requests")),
  stormy("500-storm", "every Worker's request is answered 500, then 502", (n) => fail(n === 0 ? 500 : 502), {
    sample: true,
  }),
  stormy("503-storm", "every Worker's request is answered 503, then 529", (n) =>
    fail(n === 0 ? 503 : 529, "overloaded"),
  ),
  stormy("wrong-content-type", "the server answers 200 with a proxy's HTML page", () =>
    raw("<html><body>Bad gateway</body></html>", "text/html"),
  ),
  stormy("empty-body", "the server answers 200 with nothing", () => raw("")),
  stormy("error-in-stream", "the stream begins with an error event", () =>
    raw('data: {"error": {"message": "CUDA out of memory", "type": "server_error", "code": 500}}\n\n'),
  ),
  stormy("slow-first-token", "the first token comes after six seconds", () => hang(3_000, fail(503))),
  {
    ...stormy("truncated-stream", "the answer breaks off in the middle of a JSON chunk, once for each Worker", () =>
      raw(`${chunk({ role: "assistant", content: "I beg" })}data: {"id":"s","choi`),
    ),
    worker: ["completed", "failed"],
    play: async (stage) => {
      const told = new Set<string>();
      sound(stage, {
        before: (turn) => {
          if (!isPart(turn, "bad") || told.has(turn.sessionId)) return undefined;
          told.add(turn.sessionId);
          return raw(`${chunk({ role: "assistant", content: "I beg" })}data: {"id":"s","choi`);
        },
      });
      await begin(stage);
      return undefined;
    },
  },
  {
    name: "model-server-killed",
    what: "the model server dies while both Workers wait for it, and comes back after four seconds",
    limitS: 420,
    ends: ["done"],
    worker: ["completed"],
    ownHost: true,
    sample: true,
    play: async (stage) => {
      let down = false;
      const workers = new Set<string>();
      sound(stage, {
        before: async (turn) => {
          if (turn.role !== "worker" || down) return undefined;
          workers.add(turn.sessionId);
          return hang(600_000);
        },
      });
      await begin(stage);
      await stage.until("both Workers wait for an answer", () => workers.size === 2);
      down = true;
      await stage.host.stopModel();
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      await stage.host.startModel();
      return undefined;
    },
  },
];
