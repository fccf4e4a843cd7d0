import type { Config } from "../../config/schema.ts";
import { egress } from "../../core/gate/egress.ts";

/** Where traces go; a refusal says why they do not. */
export type TraceEndpoint = { kind: "none" } | { kind: "url"; url: string } | { kind: "refused"; host: string };

/**
 * The endpoint of traces, judged as a model request is: this machine, or a host on `security.allowHosts`.
 *
 * @param env OpenTelemetry's own names: `…_TRACES_ENDPOINT` is taken as it stands, the other gets `/v1/traces`
 */
export function traceEndpoint(
  { telemetry, security }: Pick<Config, "telemetry" | "security">,
  env: Readonly<Record<string, string | undefined>>,
): TraceEndpoint {
  const base = telemetry.otlp ?? env.OTEL_EXPORTER_OTLP_ENDPOINT;
  const whole = telemetry.otlp === undefined ? env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT : undefined;
  const url = whole || (base ? `${base.replace(/\/+$/, "")}/v1/traces` : "");
  if (url === "") return { kind: "none" };
  const verdict = egress(url, security.allowHosts);
  return verdict.kind === "allowed" ? { kind: "url", url } : { kind: "refused", host: verdict.host };
}
