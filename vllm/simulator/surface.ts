/** Everything around completions that vLLM's server answers, with figures of what this server really does. */

export interface SurfaceModel {
  modelId: string;
  /** Tokens. */
  maxModelLen: number;
  /** Modelled seconds in a real one, or none: time passes as a client says. */
  time: number | "virtual";
  version: string;
}

/** Rough English and code average; the scripted model has no tokenizer of its own. */
export const CHARACTERS_PER_TOKEN = 4;

/** Tokens a text would be counted as here. */
export const countTokens = (text: string): number => Math.ceil(text.length / CHARACTERS_PER_TOKEN);

export interface SurfaceAnswer {
  status: number;
  contentType: string;
  body: string;
  headers?: Readonly<Record<string, string>>;
}

const json = (value: unknown, status = 200): SurfaceAnswer => ({
  status,
  contentType: "application/json",
  body: JSON.stringify(value),
});

/** Answers a GET of vLLM's surface; undefined for a path it does not have. `/metrics` is answered by `metricsText`. */
export function answerGet(path: string, model: SurfaceModel): SurfaceAnswer | undefined {
  if (path === "/health" || path === "/ping") return { status: 200, contentType: "text/plain", body: "" };
  if (path === "/version") {
    const { version, time } = model;
    return json({ version, scripted: true, ...(time === "virtual" ? { time } : { time_scale: time }) });
  }
  if (path === "/v1/models") {
    const entry = {
      id: model.modelId,
      object: "model",
      created: 0,
      owned_by: "scripted",
      root: model.modelId,
      parent: null,
    };
    return json({ object: "list", data: [{ ...entry, max_model_len: model.maxModelLen, permission: [] }] });
  }
  return undefined;
}

/** vLLM's `/tokenize`: `text` is the prompt, or every message's text in order. The token ids are running numbers. */
export function answerTokenize(text: string, model: SurfaceModel): SurfaceAnswer {
  const count = countTokens(text);
  return json({
    count,
    max_model_len: model.maxModelLen,
    tokens: Array.from({ length: count }, (_, index) => index),
    token_strs: null,
  });
}

/** An error body as vLLM words it. */
export const errorAnswer = (status: number, message: string, type = "BadRequestError"): SurfaceAnswer =>
  json({ error: { message, type, param: null, code: status } }, status);

/** vLLM's refusal of a prompt longer than it serves (0.32: `TokenizeParams._token_len_check`); undefined where it fits. */
export function tooLong({ maxModelLen }: { maxModelLen: number }, promptTokens: number): SurfaceAnswer | undefined {
  if (promptTokens <= maxModelLen) return undefined;
  return errorAnswer(
    400,
    `This model's maximum context length is ${maxModelLen} tokens. However, your prompt contains ${promptTokens} input tokens, which exceeds this limit even without any output tokens. Please reduce the length of the input prompt.`,
  );
}
