/**
 * A whole answer of the gate's own, as a model server would stream it: words and an end. Nothing was counted, so its usage is
 * zero.
 *
 * @param id names the answer and its "model", wherever they may be seen
 * @param words say whose they are, because they stand in the model's place
 */
export function ownAnswer(id: string, words: string, headers: Readonly<Record<string, string>> = {}): Response {
  const chunk = (more: object) => ({ id, object: "chat.completion.chunk", created: 0, model: id, ...more });
  const events = [
    chunk({ choices: [{ index: 0, delta: { role: "assistant", content: words }, finish_reason: null }] }),
    chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }),
    chunk({ choices: [], usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } }),
  ];
  const body = `${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")}data: [DONE]\n\n`;
  return new Response(body, { headers: { "content-type": "text/event-stream", ...headers } });
}
