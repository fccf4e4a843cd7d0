import OpenAI from "openai";
import { reasonOf } from "../reasonOf.ts";
import { clientFor, type Target } from "./modelList.ts";

/** The tool that is offered, and the word it is to be called with. */
export const probeTool = {
  type: "function",
  function: {
    name: "aegis_probe",
    description: "Returns the word it was given.",
    parameters: { type: "object", properties: { word: { type: "string" } }, required: ["word"] },
  },
} as const;

export const probeQuestion = 'Call the tool aegis_probe with the word "ping". Do nothing else.';

/** How a server answered a streamed request that offers one tool. */
export type ToolAnswer =
  | { kind: "called"; name: string; arguments: string; chunks: number }
  /** The parser left the call in the text. */
  | { kind: "text"; content: string }
  | { kind: "words"; content: string }
  | { kind: "error"; status: number | undefined; reason: string };

/** Streams one request as OpenCode would. */
export async function probeToolCall(target: Target, signal: AbortSignal): Promise<ToolAnswer> {
  try {
    const stream = await clientFor(target).chat.completions.create(
      {
        model: target.model,
        stream: true,
        temperature: 0,
        max_tokens: 256,
        tool_choice: "auto",
        messages: [{ role: "user", content: probeQuestion }],
        tools: [probeTool],
      },
      { signal },
    );
    let name = "";
    let args = "";
    let content = "";
    let chunks = 0;
    for await (const chunk of stream) {
      const delta = chunk.choices[0]?.delta;
      content += delta?.content ?? "";
      for (const call of delta?.tool_calls ?? []) {
        name ||= call.function?.name ?? "";
        args += call.function?.arguments ?? "";
        chunks += 1;
      }
    }
    if (name !== "") return { kind: "called", name, arguments: args, chunks };
    return /<tool_call>|<function=|"name"\s*:\s*"aegis_probe"/.test(content)
      ? { kind: "text", content }
      : { kind: "words", content };
  } catch (error) {
    signal.throwIfAborted();
    const status: unknown = error instanceof OpenAI.APIError ? error.status : undefined;
    return { kind: "error", status: typeof status === "number" ? status : undefined, reason: reasonOf(error) };
  }
}
