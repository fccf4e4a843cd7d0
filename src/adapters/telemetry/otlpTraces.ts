import { createHash } from "node:crypto";
import { type HrTime, SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import type { TraceSpan } from "../../core/trace/traceSpan.ts";

/** Spans of one request: a collector's usual limit is 4 MB, of which this takes a tenth. */
const BATCH = 500;

/**
 * Sends spans to an OTLP/HTTP endpoint. Ids come from the swarm and the span's key, so that whoever sends a span again sends
 * the same one.
 */
export class OtlpTraces {
  private readonly exporter: OTLPTraceExporter;
  private readonly version: string;

  /** @param url of the traces, whole: `http://127.0.0.1:4318/v1/traces` */
  constructor(url: string, version: string) {
    this.version = version;
    this.exporter = new OTLPTraceExporter({ url, timeoutMillis: 10_000 });
  }

  /** @throws where the endpoint does not take them. */
  async send(swarm: string, spans: readonly TraceSpan[]): Promise<void> {
    for (let from = 0; from < spans.length; from += BATCH)
      await this.batch(spans.slice(from, from + BATCH).map((span) => this.readable(swarm, span)));
  }

  async close(): Promise<void> {
    await this.exporter.shutdown();
  }

  private batch(spans: ReadableSpan[]): Promise<void> {
    return new Promise((resolve, reject) => {
      // 0 is success; the enum is of another package.
      this.exporter.export(spans, ({ code, error }) =>
        code === 0 ? resolve() : reject(error ?? new Error("the endpoint took no spans")),
      );
    });
  }

  private readable(swarm: string, span: TraceSpan): ReadableSpan {
    const context = (key: string) => ({
      traceId: idOf(swarm, 16),
      spanId: idOf(`${swarm} ${key}`, 8),
      traceFlags: TraceFlags.SAMPLED,
    });
    const own = context(span.key);
    const name = "oh-my-qwencoder";
    return {
      name: span.name,
      kind: span.kind === "client" ? SpanKind.CLIENT : SpanKind.INTERNAL,
      spanContext: () => own,
      ...(span.parent === null ? {} : { parentSpanContext: context(span.parent) }),
      startTime: timeOf(span.start),
      endTime: timeOf(span.end),
      duration: timeOf(span.end - span.start),
      status:
        span.error === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: span.error },
      attributes: span.attributes,
      links: [],
      events: [],
      ended: true,
      resource: resourceFromAttributes({ "service.name": name, "service.version": this.version }),
      instrumentationScope: { name, version: this.version },
      ...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
    };
  }
}

function idOf(text: string, bytes: number): string {
  return createHash("sha256")
    .update(text)
    .digest("hex")
    .slice(0, 2 * bytes);
}

function timeOf(ms: number): HrTime {
  return [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1e6)];
}
