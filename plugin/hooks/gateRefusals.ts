import type { Refusal } from "../../src/core/workflow/refusal.ts";
import { refusal } from "../../src/core/workflow/refusal.ts";
import { messageOf } from "../../src/ports/thrown.ts";

/** A gate that errs refuses. */
export function failedGate(error: unknown): Refusal {
  return refusal(
    "gate-failed",
    `a gate could not judge this call, so it refuses: ${messageOf(error)}`,
    "try another way that is allowed, or tell the person.",
  );
}

/** A provider whose requests no gate of ours sees. */
export function ungated(provider: string): Refusal {
  return refusal(
    "provider-ungated",
    `the provider "${provider}" is not in the configuration, so its requests do not pass the model gate.`,
    "the person chooses a configured provider's model for the swarm, or adds this provider to opencode.json.",
  );
}
