import { messageOf } from "../../ports/thrown.ts";

/** What a model server says of itself; `reachable: false` carries the reason. */
export type ServerProbe =
  | { reachable: true; models: { id: string; maxModelLen: number | undefined }[] }
  | { reachable: false; reason: string };

/** Long enough for a server on the same network, short enough not to hold up an install. */
const timeoutMs = 3000;

/** Lists the models at an OpenAI-compatible base URL. The only network call an install makes. */
export async function probeServer(baseUrl: string, apiKey: string | undefined): Promise<ServerProbe> {
  const { default: OpenAI } = await import("openai");
  const client = new OpenAI({ baseURL: baseUrl, apiKey: apiKey || "none", maxRetries: 0, timeout: timeoutMs });
  try {
    const page = await client.models.list({ signal: AbortSignal.timeout(timeoutMs) });
    if (!Array.isArray(page.data))
      return { reachable: false, reason: "it does not answer like a model server (GET /models)" };
    const models = page.data.map((model) => {
      const length: unknown = Reflect.get(model, "max_model_len");
      return { id: model.id, maxModelLen: typeof length === "number" && length > 0 ? length : undefined };
    });
    return { reachable: true, models };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
    return { reachable: false, reason: `${messageOf(error)}${cause}` };
  }
}
