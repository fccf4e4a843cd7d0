import { refusal, renderRefusal } from "../../src/core/workflow/refusal.ts";
import type { SessionActor } from "../sessionRoles.ts";

/** EXDEV is a hard link out of the scope, EPERM a mount or a namespace, EBUSY a rename or removal of what is read-only. */
const REFUSED =
  /read-only file system|invalid cross-device link|operation not permitted|device or resource busy|\b(?:EROFS|EXDEV|EPERM|EBUSY)\b/iu;
const NO_NETWORK =
  /is not in sandbox\.network|tunnel failed|tunneling socket|network is unreachable|could not resolve host|temporary failure in name resolution|failed to connect|couldn't connect|\b(?:ENETUNREACH|EAI_AGAIN|ECONNREFUSED)\b|connection refused/iu;

/** What a model is told, beside a shell's own words, where the sandbox said no: the kernel names no next step. */
export function kernelRefusal(actor: SessionActor, output: string, network: readonly string[]): string | undefined {
  if (REFUSED.test(output)) {
    const where =
      actor.role === "worker"
        ? `in ${actor.worker.assignment.fileScope.join(", ")} and /tmp, and over nobody's .env`
        : "where the present phase and the live Workers' scopes allow it, and in /tmp; the person's .env stays as it is";
    const next =
      actor.role === "worker"
        ? "write inside your scope; if another file must change, call report_result with status blocked and say what you need."
        : "worker_status shows the phase and what it waits for.";
    return renderRefusal(refusal("sandbox", `this shell writes only ${where}.`, next));
  }
  if (!NO_NETWORK.test(output)) return undefined;
  const reaches = actor.role === "worker" || actor.role === "commander" ? network : [];
  return renderRefusal(
    reaches.length === 0
      ? refusal("sandbox", "this shell has no network, loopback included.", "work with what is in the project.")
      : refusal(
          "sandbox",
          `this shell reaches ${reaches.join(", ")} and nothing else, by the proxy in HTTPS_PROXY.`,
          "use that, or tell the person what would have to be allowed (sandbox.network).",
        ),
  );
}
