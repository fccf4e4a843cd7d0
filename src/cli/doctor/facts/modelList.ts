import OpenAI from "openai";
import { hasCode } from "../../../ports/thrown.ts";
import { reasonOf } from "../reasonOf.ts";

/** The model server the swarm is told to use. */
export interface Target {
  /** Its name in OpenCode's configuration. */
  provider: string;
  /** Ends in `/v1` with vLLM. */
  baseUrl: string;
  model: string;
  apiKey: string | undefined;
  /** Tokens; undefined where OpenCode is told nothing. */
  declaredContext: number | undefined;
}

/** What a server says it serves, or how it did not. `status` is absent where nothing answered. */
export type ModelList =
  | { models: { id: string; maxModelLen: number | undefined }[] }
  | { failed: string; status: number | undefined };

/** A first answer may wait behind a busy GPU's queue; ms. */
export const answerTimeoutMs = 60_000;
/** A list or a health page needs no GPU; ms. */
const listTimeoutMs = 10_000;

/**
 * A pooled connection that the server closed at the same moment is no fault of the server: such a request goes out again,
 * once. An HTTP status, whatever it is, is the server's answer.
 */
async function fetchAgain(...request: Parameters<typeof fetch>): ReturnType<typeof fetch> {
  try {
    return await fetch(...request);
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (!hasCode(cause, "ECONNRESET", "EPIPE", "UND_ERR_SOCKET")) throw error;
    return await fetch(...request);
  }
}

/** A client as the swarm would use the server. Without a key a stand-in is sent, which servers without one pass over. */
export function clientFor(target: Pick<Target, "baseUrl" | "apiKey">, timeout = answerTimeoutMs): OpenAI {
  return new OpenAI({
    baseURL: target.baseUrl,
    apiKey: target.apiKey || "none",
    maxRetries: 0,
    timeout,
    fetch: fetchAgain,
  });
}

/** Asks `GET /models`. */
export async function listModels(target: Pick<Target, "baseUrl" | "apiKey">, signal: AbortSignal): Promise<ModelList> {
  try {
    const page = await clientFor(target, listTimeoutMs).models.list({ signal });
    if (!Array.isArray(page.data)) return { failed: "GET /models gave no list of models", status: 200 };
    return {
      models: page.data.map((model) => {
        const length: unknown = Reflect.get(model, "max_model_len");
        return { id: model.id, maxModelLen: typeof length === "number" && length > 0 ? length : undefined };
      }),
    };
  } catch (error) {
    signal.throwIfAborted();
    const status: unknown = error instanceof OpenAI.APIError ? error.status : undefined;
    return { failed: reasonOf(error), status: typeof status === "number" ? status : undefined };
  }
}
