import type { Refusal } from "../core/workflow/refusal.ts";
import { refusal } from "../core/workflow/refusal.ts";
import type { Sandbox } from "../ports/sandbox.ts";
import { submit } from "./commands.ts";
import type { SwarmServices } from "./services.ts";

/**
 * The sandbox QA may run in now. Where none can be made, running without one needs the person's word, once a swarm; the
 * question is opened here.
 */
export async function qaSandbox(
  services: SwarmServices,
): Promise<{ ok: true; sandbox: Sandbox; sandboxed: boolean } | { ok: false; refusal: Refusal }> {
  const probe = await services.sandbox.probe();
  if (probe.usable) return { ok: true, sandbox: services.sandbox, sandboxed: probe.kind !== "off" };
  const answer = services.swarm.state?.unsandboxedQa ?? "not-asked";
  if (answer === "accepted") return { ok: true, sandbox: services.unsandboxed, sandboxed: false };
  if (answer === "not-asked") await submit(services, { type: "ask_unsandboxed_qa" });
  return {
    ok: false,
    refusal: refusal(
      answer === "refused" ? "sandbox-refused" : "sandbox-missing",
      `QA runs the project's own commands in a sandbox, and none can be made here: ${probe.reason} (${probe.mend})`,
      answer === "refused"
        ? "the person did not allow QA without a sandbox; stop and tell them."
        : "ask the person: 1. run QA without a sandbox  2. do not run it. End your turn and wait.",
    ),
  };
}
