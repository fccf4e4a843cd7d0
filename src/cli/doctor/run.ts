import { CliFailure } from "../failure.ts";
import { type Io, writeJson } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { allChecks } from "./all.ts";
import type { Check } from "./check.ts";
import { type Facts, makeFacts } from "./facts/facts.ts";
import type { DoctorOptions } from "./options.ts";
import { makeReport, mends } from "./report.ts";
import { runChecks } from "./runChecks.ts";

/**
 * Runs every check, those that do not need each other side by side, and prints one line each in the list's order.
 *
 * @param known facts that were looked up already
 * @throws CliFailure (exit 1) where any check failed; under `--json` it carries all results
 */
export async function runDoctor(
  io: Io,
  options: DoctorOptions,
  known: { checks?: readonly Check[]; facts?: Facts } = {},
): Promise<void> {
  const checks = (known.checks ?? allChecks).filter((check) => options.deep || !check.deep);
  const out = options.json ? io.stderr : io.stdout;
  const report = makeReport(io, checks, out);
  const facts = known.facts ?? makeFacts(io, options);
  const context = {
    io,
    facts,
    say: (...message: Parameters<typeof say> extends [unknown, ...infer Rest] ? Rest : never) =>
      say(io.lang, ...message),
  };
  const rows = await runChecks(checks, context, report).finally(() => report.close());
  io.signal.throwIfAborted();
  out.write(mends(io, rows));
  const count = (status: string) => rows.filter((row) => row.status === status).length;
  const failed = count("fail");
  if (failed > 0) {
    throw new CliFailure(say(io.lang, "doctor.failed", { count: failed, all: rows.length }), {
      next: say(io.lang, "doctor.failed.next"),
      data: { checks: rows },
    });
  }
  if (options.json) writeJson(io, { ok: true, checks: rows });
  else
    io.stdout.write(
      `\n${say(io.lang, "doctor.good", { ok: count("ok"), warn: count("warn"), skip: count("skip") })}\n`,
    );
}
