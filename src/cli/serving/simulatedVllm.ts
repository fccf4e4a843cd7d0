import { join } from "node:path";
import { packageRoot } from "../packageRoot.ts";

/** The words that run the simulated vLLM, as AEGIS_VLLM takes them. */
export function simulatedVllm(): string {
  return [process.execPath, join(packageRoot().dir, "dist", "simulate-vllm.js")].map((word) => `"${word}"`).join(" ");
}
