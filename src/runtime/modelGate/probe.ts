/** Says how a probing process was started: with this, every answer of the gate is the probe's, and nothing is sent. */
export const PROBE_VARIABLE = "AEGIS_GATE_PROBE";

/** The words of the answer; they name it for what it is, should anybody ever see it in a chat. */
export const probeAnswer = (nonce: string): string => `Aegis gate probe ${nonce}: nothing was sent to a model.`;

/**
 * The nonce a process was started to answer with. Only a process that looks and does nothing else may probe: in any other
 * one the variable means nothing, so that no leftover of it can put canned words in a model's place.
 */
export function probeNonce(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const nonce = env[PROBE_VARIABLE];
  return env.AEGIS_LOOK_ONLY === "1" && nonce !== undefined && /^[\w-]{8,64}$/.test(nonce) ? nonce : undefined;
}

/** Stands in place of what sends: answers with the nonce, as a model server would. */
export function probeFetch(nonce: string): () => Promise<Response> {
  return async () => {
    const chunk = (delta: object, reason: string | null) => ({
      id: "aegis-gate-probe",
      object: "chat.completion.chunk",
      created: 0,
      model: "aegis-gate-probe",
      choices: [{ index: 0, delta, finish_reason: reason }],
    });
    const events = [chunk({ role: "assistant", content: probeAnswer(nonce) }, null), chunk({}, "stop")];
    const body = `${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")}data: [DONE]\n\n`;
    return new Response(body, { headers: { "content-type": "text/event-stream", "x-aegis-gate": "probe" } });
  };
}
