import { ownAnswer } from "./ownAnswer.ts";

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
  return async () => ownAnswer("aegis-gate-probe", probeAnswer(nonce), { "x-aegis-gate": "probe" });
}
