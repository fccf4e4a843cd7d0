import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Check,
  type CheckContext,
  type CheckName,
  type CheckRow,
  type Finding,
  fail,
  skip,
  standardLimitMs,
} from "./check.ts";
import { reasonOf } from "./reasonOf.ts";

/** Follows a run; both are called in the order things happen. */
export interface RunObserver {
  began(check: Check): void;
  ended(row: CheckRow): void;
}

async function judged(check: Check, context: CheckContext): Promise<Finding> {
  const { io, say } = context;
  const limitMs = check.limitMs ?? standardLimitMs;
  const over = new AbortController();
  const signal = AbortSignal.any([io.signal, over.signal]);
  // Dozens of checks and their requests listen at once; that is no leak.
  setMaxListeners(0, io.signal, signal);
  const timer = new AbortController();
  const tooLong = sleep(limitMs, undefined, { signal: AbortSignal.any([timer.signal, io.signal]) }).then(
    (): Finding => {
      over.abort();
      return fail(say("doctor.seen.limit", { seconds: limitMs / 1000 }), say("doctor.mend.limit"));
    },
  );
  try {
    // Started in a microtask, so that a check that throws at once is caught here as well.
    const running = Promise.resolve().then(() => check.run(context, signal));
    return await Promise.race([running, tooLong]);
  } catch (error) {
    io.signal.throwIfAborted();
    return fail(say("doctor.seen.threw", { reason: reasonOf(error) }), say("doctor.mend.threw", { name: check.name }));
  } finally {
    tooLong.catch(() => undefined);
    timer.abort();
  }
}

/**
 * Runs checks side by side, each as soon as those it needs have ended.
 *
 * @returns the rows in the order of `checks`
 * @throws what `context.io.signal` was aborted with, and an Error where a check needs one that does not stand before it
 */
export async function runChecks(
  checks: readonly Check[],
  context: CheckContext,
  observer: RunObserver,
): Promise<CheckRow[]> {
  const { say } = context;
  const known = new Map<CheckName, Promise<CheckRow>>();
  const listed = new Set(checks.map((check) => check.name));
  /** For a check that was left out: what it lacked at the root. */
  const roots = new Map<CheckName, readonly CheckName[]>();
  const row = async (check: Check, needs: readonly Promise<CheckRow>[]): Promise<CheckRow> => {
    const missing = (await Promise.all(needs)).filter(({ status }) => status === "fail" || status === "skip");
    const began = performance.now();
    let finding: Finding;
    if (missing.length > 0) {
      const lacking = [...new Set(missing.flatMap(({ name }) => roots.get(name) ?? [name]))];
      roots.set(check.name, lacking);
      finding = skip(say("doctor.seen.needs", { names: lacking.join(", ") }));
    } else {
      observer.began(check);
      finding = await judged(check, context);
    }
    const done: CheckRow = {
      name: check.name,
      title: say(`doctor.title.${check.name}`),
      group: check.group,
      ...finding,
      ms: Math.round(performance.now() - began),
    };
    observer.ended(done);
    return done;
  };
  for (const check of checks) {
    const needs = (check.needs ?? []).flatMap((name) => {
      const before = known.get(name);
      // A subset of the list may be run; an order that can never work is a mistake in the list.
      if (!before && listed.has(name)) throw new Error(`the check ${check.name} needs ${name}, which comes after it`);
      return before ? [before] : [];
    });
    known.set(check.name, row(check, needs));
  }
  return await Promise.all(known.values());
}
