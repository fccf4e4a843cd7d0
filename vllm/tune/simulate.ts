import { Scheduler, type SchedulerSettings } from "../scheduler/scheduler.ts";
import { type Measurement, Recorder } from "./measure.ts";
import { KeyBook, type Trace, type TraceSession, tokensOf } from "./trace.ts";

interface Progress {
  session: TraceSession;
  turn: number;
  parent: Progress | undefined;
  /** Helpers it waits for. */
  awaited: number;
  sentAt: number;
  lastToken: number | undefined;
}

/** What a server's load is at a time, as its metrics would say. */
export interface SimulatedLoad {
  running: number;
  waiting: number;
  kvUsage: number;
  preemptions: number;
}

/** Holds requests back before they reach the server. Times in ms. */
export interface SimulatedDoor {
  /** A request came; `parent` is the session that waits for this one. */
  arrived(request: {
    id: string;
    session: TraceSession;
    tokens: number;
    parent: TraceSession | undefined;
    at: number;
  }): void;
  left(id: string, at: number): void;
  ended(session: TraceSession, at: number): void;
  /** Called every second of simulated time. */
  load(load: SimulatedLoad, at: number): void;
  /** Ids that may go now; each is given once. */
  take(): readonly string[];
}

/** Milliseconds between two readings of the load. */
const LOAD_MS = 1_000;

/**
 * Plays a trace against a modelled server. No clock, no chance: the same answer every time.
 *
 * @param requestMs milliseconds of a request outside the engine, added to its first token
 * @param about.door holds requests back; without one they go at once
 * @param about.heard is told each first token, from the time the request was made
 * @param about.ended is told when a session has said its last (ms)
 */
export function simulate(
  trace: Trace,
  settings: SchedulerSettings,
  requestMs: number,
  about: {
    door?: SimulatedDoor;
    heard?: (session: TraceSession, ttftMs: number) => void;
    ended?: (session: TraceSession, at: number) => void;
  } = {},
): Measurement {
  const { door } = about;
  const scheduler = new Scheduler(settings);
  const book = new KeyBook(settings.blockSize);
  const recorder = new Recorder();
  const byId = new Map(trace.sessions.map((session) => [session.id, session]));
  const helpers = new Set(trace.sessions.flatMap(({ turns }) => turns.flatMap(({ spawns }) => spawns)));
  const flights = new Map<string, Progress>();
  let arrivals: { at: number; progress: Progress }[] = [];
  let now = 0;
  let preemptions = 0;
  const held = new Map<string, () => void>();
  let nextLoad = LOAD_MS;

  const begin = (session: TraceSession, at: number, parent: Progress | undefined) => {
    const progress: Progress = { session, turn: 0, parent, awaited: 0, sentAt: at, lastToken: undefined };
    arrivals.push({ at, progress });
  };
  const send = (progress: Progress, at: number) => {
    const turn = progress.session.turns[progress.turn];
    if (!turn) return;
    const id = `${progress.session.id}#${progress.turn}`;
    progress.sentAt = at;
    progress.lastToken = undefined;
    flights.set(id, progress);
    const add = () =>
      scheduler.add({
        id,
        promptTokens: tokensOf(turn.prompt),
        outputTokens: turn.output.tokens,
        keys: book.keys([...turn.prompt, turn.output]),
        priority: progress.session.priority,
      });
    if (!door) return add();
    held.set(id, add);
    const tokens = tokensOf(turn.prompt) + turn.output.tokens;
    const parent = progress.turn === 0 ? progress.parent?.session : undefined;
    door.arrived({ id, session: progress.session, tokens, parent, at });
  };
  /** Sends what the door lets go, and tells it the load when a second has passed. */
  const open = () => {
    if (!door) return;
    for (; nextLoad <= now; nextLoad += LOAD_MS) {
      const [running, waiting] = [scheduler.runningCount, scheduler.waitingCount];
      const kvUsage = 1 - scheduler.pool.free / settings.blocks;
      door.load({ running, waiting, kvUsage, preemptions }, nextLoad);
    }
    for (const id of door.take()) {
      held.get(id)?.();
      held.delete(id);
    }
  };
  const goOn = (progress: Progress) => {
    const next = progress.session.turns[progress.turn];
    if (next) arrivals.push({ at: now + next.pauseMs, progress });
    else {
      door?.ended(progress.session, now);
      about.ended?.(progress.session, now);
    }
    if (!next && progress.parent) {
      progress.parent.awaited -= 1;
      if (progress.parent.awaited === 0) goOn(progress.parent);
    }
  };
  const end = (progress: Progress) => {
    const spawns = progress.session.turns[progress.turn]?.spawns ?? [];
    progress.turn += 1;
    for (const id of spawns) {
      const helper = byId.get(id);
      if (!helper) continue;
      progress.awaited += 1;
      begin(helper, now, progress);
    }
    if (progress.awaited === 0) goOn(progress);
  };

  for (const session of trace.sessions) if (!helpers.has(session.id)) begin(session, session.startMs, undefined);
  for (;;) {
    const due = arrivals.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
    if (due.length > 0) arrivals = arrivals.filter(({ at }) => at > now);
    for (const { at, progress } of due) send(progress, at);
    open();
    const step = scheduler.step();
    if (!step) {
      if (arrivals.length === 0 && held.size === 0) break;
      now = Math.min(...arrivals.map(({ at }) => at), ...(held.size > 0 ? [nextLoad] : []));
      continue;
    }
    now += step.ms;
    preemptions += step.preempted.length;
    for (const { id, cachedTokens, again } of step.admitted) {
      const progress = flights.get(id);
      const turn = progress?.session.turns[progress.turn];
      if (turn && !again) recorder.request(tokensOf(turn.prompt), cachedTokens);
    }
    for (const id of step.tokens) {
      const progress = flights.get(id);
      if (!progress) continue;
      if (progress.lastToken === undefined) {
        recorder.firstToken(now - progress.sentAt + requestMs);
        about.heard?.(progress.session, now - progress.sentAt + requestMs);
      } else recorder.nextTokens(now - progress.lastToken);
      progress.lastToken = now;
    }
    for (const id of step.finished) {
      const progress = flights.get(id);
      flights.delete(id);
      door?.left(id, now);
      if (progress) end(progress);
    }
  }
  return recorder.result(now, preemptions);
}
