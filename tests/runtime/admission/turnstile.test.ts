import { expect, test } from "vitest";
import type { UnitRole } from "../../../src/core/schedule/model.ts";
import { DEFAULT_ADMISSION } from "../../../src/core/schedule/model.ts";
import { Turnstile } from "../../../src/runtime/admission/turnstile.ts";

/** A clock that moves when told, with its callbacks. */
function world() {
  let now = 0;
  const calls = new Set<{ at: number; call: () => void }>();
  return {
    now: () => now,
    after(ms: number, call: () => void) {
      const due = { at: now + ms, call };
      calls.add(due);
      return () => calls.delete(due);
    },
    waits: () => calls.size,
    pass(ms: number) {
      const end = now + ms;
      for (;;) {
        const next = [...calls].sort((a, b) => a.at - b.at)[0];
        if (!next || next.at > end) break;
        calls.delete(next);
        now = next.at;
        next.call();
      }
      now = end;
    },
  };
}

function scene(limit = 1) {
  const clock = world();
  const told: [string, number | undefined][] = [];
  const settings = { ...DEFAULT_ADMISSION, staticLimit: limit, maxRequests: limit };
  const modes: string[] = [];
  const turnstile = new Turnstile(
    settings,
    clock,
    (session, ahead) => told.push([session, ahead]),
    (mode, requests) => modes.push(`${mode}: ${requests}`),
  );
  const gone: string[] = [];
  const enter = (session: string, signal = new AbortController().signal, role: UnitRole = "worker") => {
    const entering = turnstile.enter({ session, owner: "swarm", role, tokens: 10 }, signal);
    entering.then(
      () => gone.push(session),
      () => gone.push(`${session} left`),
    );
    return entering;
  };
  return { clock, told, modes, turnstile, enter, gone };
}

test("one after the other, the Commander beside them", async () => {
  const { enter, gone } = scene();
  const first = await enter("a");
  const second = enter("b");
  await enter("boss", undefined, "commander");
  expect(gone).toEqual(["a", "boss"]);
  first.leave();
  first.leave();
  const ticket = await second;
  expect(gone).toEqual(["a", "boss", "b"]);
  ticket.leave();
});

test("who leaves while waiting is gone at once, and the queue goes on without it", async () => {
  const { enter, gone, turnstile } = scene();
  const first = await enter("a");
  const away = new AbortController();
  const second = enter("b", away.signal);
  const third = enter("c");
  away.abort(new Error("the person pressed escape"));
  await expect(second).rejects.toThrow("the person pressed escape");
  first.leave();
  await third;
  expect(gone).toEqual(["a", "b left", "c"]);
  expect(turnstile.status()).toMatchObject({ running: 1, waiting: 0 });
});

test("a signal that is aborted already does not enter", async () => {
  const { enter, turnstile } = scene();
  await expect(enter("a", AbortSignal.abort(new Error("too late")))).rejects.toThrow("too late");
  expect(turnstile.status()).toMatchObject({ running: 0, waiting: 0 });
});

test("people are told how many go before, as it changes, and when it goes on", async () => {
  const { enter, told, clock } = scene();
  const first = await enter("a");
  const second = enter("b");
  const third = enter("c");
  clock.pass(1_000);
  expect(told).toEqual([]);
  clock.pass(2_000);
  expect(told).toEqual([
    ["b", 0],
    ["c", 1],
  ]);
  first.leave();
  (await second).leave();
  await third;
  expect(told.slice(2)).toEqual([
    ["b", undefined],
    ["c", 0],
    ["c", undefined],
  ]);
});

test("nothing is looked at while nothing waits", async () => {
  const { enter, clock } = scene();
  const first = await enter("a");
  expect(clock.waits()).toBe(0);
  const second = enter("b");
  expect(clock.waits()).toBe(1);
  first.leave();
  await second;
  expect(clock.waits()).toBe(0);
});

test("a place that is held in silence is given up by time alone", async () => {
  const { enter, gone, turnstile, clock } = scene(2);
  turnstile.heard({ at: 0, running: 0, waiting: 0, kvTokens: 30 });
  const stays = await enter("stays");
  (await enter("quiet")).leave();
  const next = enter("next");
  expect(gone).toEqual(["stays", "quiet"]);
  clock.pass(4_000);
  await next;
  expect(turnstile.status().mode).toBe("metrics");
  stays.leave();
});

test("metrics that never come, vanish, lie or jump: the static limit holds, all go on, and it is said once each way", async () => {
  const { clock, modes, turnstile, enter, gone } = scene(2);
  let sent = 0;
  const work = async () => {
    const tickets = await Promise.all([enter(`s${sent}`), enter(`s${sent + 1}`)]);
    sent += 2;
    for (const ticket of tickets) ticket.leave();
  };
  const sound = { running: 0, waiting: 0, kvUsage: 0.1, preemptions: 7, kvTokens: 100_000 };
  await work();
  expect(modes).toEqual([]);
  clock.pass(4_000);
  await work();
  expect(modes).toEqual(["no-metrics: 2"]);
  turnstile.heard({ at: clock.now(), ...sound });
  await work();
  expect(modes.slice(1)).toEqual(["metrics: 2"]);
  // Vanished.
  clock.pass(DEFAULT_ADMISSION.staleMs + 1);
  await work();
  clock.pass(4_000);
  await work();
  expect(modes.slice(2)).toEqual(["stale: 2"]);
  turnstile.heard({ at: clock.now(), ...sound });
  // Jumped: a counter that falls is a restart, a pool of another size another server; neither is a lie.
  turnstile.heard({ at: clock.now(), ...sound, preemptions: 0, kvTokens: 900 });
  await work();
  expect(modes.slice(3)).toEqual(["metrics: 2"]);
  // Lies.
  for (const lie of [{ kvUsage: 3 }, { running: -1 }, { kvTokens: Number.NaN }]) {
    turnstile.heard({ at: clock.now(), ...sound, ...lie });
    clock.pass(4_000);
    await work();
  }
  expect(modes.slice(4)).toEqual(["implausible: 2"]);
  expect(gone).toHaveLength(sent);
});
