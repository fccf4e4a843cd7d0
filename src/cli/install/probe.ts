import { messageOf } from "../../ports/thrown.ts";
import { withinTime } from "../../ports/timeLimit.ts";

/**
 * What a model server says of itself; `reachable: false` carries the reason, the status of what did answer, and the address
 * below which a model server answers where the given one lacks its `/v1`.
 */
export type ServerProbe =
  | { reachable: true; models: { id: string; maxModelLen: number | undefined }[] }
  | { reachable: false; reason: string; status?: number; answersAt?: string };

/** Long enough for a server on the same network, short enough not to hold up an install. */
const timeoutMs = 3000;
/** An address that is right, whether or not our key is. */
const ANSWERING = [401, 403];

/** Lists the models at an OpenAI-compatible base URL, or looks whether its `/v1` has them. An install makes no other network call. */
export async function probeServer(baseUrl: string, apiKey: string | undefined): Promise<ServerProbe> {
  const asked = await ask(baseUrl, apiKey);
  const plain = baseUrl.replace(/\/+$/, "");
  if (asked.reachable || asked.status !== 404 || plain.endsWith("/v1")) return asked;
  const answersAt = `${plain}/v1`;
  const below = await ask(answersAt, apiKey);
  return below.reachable || ANSWERING.includes(below.status ?? 0) ? { ...asked, answersAt } : asked;
}

async function ask(baseUrl: string, apiKey: string | undefined): Promise<ServerProbe> {
  const { default: OpenAI, APIError } = await import("openai");
  const client = new OpenAI({ baseURL: baseUrl, apiKey: apiKey || "none", maxRetries: 0, timeout: timeoutMs });
  try {
    const page = await withinTime(timeoutMs, [], (signal) => client.models.list({ signal }));
    if (!Array.isArray(page.data))
      return { reachable: false, reason: "it does not answer like a model server (GET /models)" };
    const models = page.data.map((model) => {
      const length: unknown = Reflect.get(model, "max_model_len");
      return { id: model.id, maxModelLen: typeof length === "number" && length > 0 ? length : undefined };
    });
    return { reachable: true, models };
  } catch (error) {
    const status: unknown = error instanceof APIError ? error.status : undefined;
    return { reachable: false, reason: rootOf(error), ...(typeof status === "number" ? { status } : {}) };
  }
}

/** The words of what lies at an error's root: `fetch failed` alone tells nobody that the connection was refused. */
function rootOf(error: unknown): string {
  let at = error;
  // Bounded, since a chain of causes may come back to itself; of several addresses that were tried the first one's error is shown.
  for (let depth = 0; depth < 8 && at instanceof Error; depth++) {
    const below: unknown = at instanceof AggregateError ? at.errors[0] : at.cause;
    if (!(below instanceof Error)) break;
    at = below;
  }
  return messageOf(at).split("\n")[0] ?? "";
}
