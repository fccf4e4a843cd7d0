import { classifyFailure } from "../../core/gate/classifyFailure.ts";
import { type EgressVerdict, egress } from "../../core/gate/egress.ts";
import { recordGaps } from "../../core/gate/gaps.ts";
import { finalWords } from "../../core/gate/hostRetry.ts";
import { parseJson } from "../../core/gate/json.ts";
import { offeredTools } from "../../core/gate/offeredTools.ts";
import { repairBody } from "../../core/gate/repairBody.ts";
import { repairHistory } from "../../core/gate/repairHistory.ts";
import { createRepair } from "../../core/gate/repairStream.ts";
import { allowsOf, type RepairReport, type RepairSwitches, UNREAD } from "../../core/gate/report.ts";
import { messageOf } from "../../ports/thrown.ts";
import { inTurn, type RequestTurns, type Turn } from "../admission/inTurn.ts";
import { headOf } from "./answerHead.ts";
import { repairedStream, restOf } from "./answerStream.ts";
import { errorResponse } from "./errorResponse.ts";
import { failureText } from "./failureText.ts";
import { isChatCompletion, passedOn } from "./foreignAnswer.ts";
import type { GateObserver } from "./gateEvents.ts";
import { heldRedirects } from "./heldRedirects.ts";
import type { HostLimits } from "./hostLimits.ts";
import { withHostLimits } from "./hostLimits.ts";
import { lookAtServer } from "./lookAtServer.ts";
import { ownAnswer } from "./ownAnswer.ts";
import type { SendLimits, SendWorld } from "./send.ts";
import { codeOf, sendUntilFirstBytes } from "./send.ts";

export interface GateSettings {
  repair: RepairSwitches;
  /** Repair for sessions outside a swarm too. */
  everySession: boolean;
  allowHosts: readonly string[];
  /** Hold every session to the allow-list, not the swarm's alone. */
  egressAll: boolean;
  limits: SendLimits;
  /** Longest silence within an answer (ms). */
  silenceMs: number;
}

/** Status of a request that failed for good. Not one that clients retry by themselves: the gate has done that. */
const FAILED = 424;
const FORBIDDEN = 403;

/** The refusal's words where the host's name would make OpenCode try again. */
const REFUSED =
  "Model request refused: its host is not on the list of allowed hosts (security.allowHosts); .aegis/gate.jsonl names it.";

/** The words that end a session's turn in the model's place; undefined where the model is to be asked. */
export type EndsTurn = (session: string, body: string) => { words: string; reportedAt: number } | undefined;

type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** The one function every model request passes, in the host's own process. */
export class ModelGate {
  private readonly settings: GateSettings;
  private readonly world: SendWorld;
  private readonly roleOf: (session: string) => Promise<string>;
  private readonly observe: GateObserver;
  private readonly mendsHistory: boolean;
  private readonly turns: RequestTurns | undefined;
  private readonly endsTurn: EndsTurn | undefined;

  /**
   * @param roleOf the role a session acts in, "none" outside a swarm; throws where that cannot be told.
   * @param observe gets what happened; must not throw.
   * @param turns whose request may be sent when; without them all go at once.
   * @param endsTurn is shown each chat completion of the swarm's before anything is waited for.
   */
  constructor(
    settings: GateSettings,
    world: SendWorld,
    roleOf: (session: string) => Promise<string>,
    observe: GateObserver,
    turns?: RequestTurns,
    endsTurn?: EndsTurn,
  ) {
    this.settings = settings;
    this.world = world;
    this.roleOf = roleOf;
    this.observe = observe;
    this.turns = turns;
    this.endsTurn = endsTurn;
    this.mendsHistory = allowsOf(settings.repair)("historyArguments");
  }

  /**
   * The `fetch` of one provider.
   * @param inner the one it had, the host's own by default
   * @param host the host's time limits: kept for the sessions that are not looked after here, which wait for nothing
   */
  fetchFor(provider: string, inner: Fetch, host: HostLimits = {}): Fetch {
    return async (input, init) => {
      const session = new Headers(init?.headers).get("x-session-affinity") ?? "";
      const role = await this.roleOf(session);
      const about = { session, role, provider };
      const ours = role !== "none";
      const held = ours || this.settings.egressAll;
      const { allowHosts } = this.settings;
      const refuse = ({ host, rule, message }: Extract<EgressVerdict, { kind: "refused" }>) => {
        this.observe({ ...about, type: "refused", host, rule });
        return errorResponse(input, { status: FORBIDDEN, message: finalWords(message, REFUSED), code: rule });
      };
      if (held) {
        const verdict = egress(input instanceof Request ? input.url : input, allowHosts);
        if (verdict.kind === "refused") return refuse(verdict);
      }
      const send = held ? heldRedirects(inner, allowHosts, refuse) : inner;
      const untouched = withHostLimits(send, host);
      if (!ours && !this.settings.everySession) return untouched(input, init);
      if (typeof init?.body !== "string") return untouched(input, init);
      const end = ours && isChatCompletion(input) ? this.endsTurn?.(session, init.body) : undefined;
      if (end) {
        this.observe({ ...about, type: "spared", reportedAt: end.reportedAt });
        return ownAnswer("aegis", end.words);
      }
      const whole = { ...init, body: init.body };
      const turn = ours ? await this.turn(about, input, whole) : undefined;
      return inTurn(turn, () => this.pass(about, send, input, whole, turn));
    };
  }

  /** Behind the check of where it goes: a server that is not allowed is not even looked at. */
  private async turn(
    { session, role }: { session: string; role: string },
    input: string | URL | Request,
    init: RequestInit & { body: string },
  ): Promise<Turn | undefined> {
    const parent = new Headers(init.headers).get("x-parent-session-id");
    const url = input instanceof Request ? input.url : String(input);
    const request = { session, role, url, bytes: init.body.length, ...(parent === null ? {} : { parent }) };
    return this.turns?.enter(request, init.signal ?? new AbortController().signal);
  }

  private async pass(
    about: { session: string; role: string; provider: string },
    inner: Fetch,
    input: string | URL | Request,
    init: RequestInit & { body: string },
    turn: Turn | undefined,
  ): Promise<Response> {
    const started = this.world.now();
    const mended =
      this.mendsHistory && isChatCompletion(input)
        ? repairHistory(init.body)
        : { body: init.body, repaired: 0, notes: [] };
    const body = withPriority(mended.body, turn?.priority);
    const caller = init.signal ?? new AbortController().signal;
    // Of its own, because after a runaway the server has to stop while the caller's request is fine.
    const upstream = new AbortController();
    let silent = false;
    const sent = await sendUntilFirstBytes(
      (signal) => inner(input, { ...init, body, signal: AbortSignal.any([signal, upstream.signal]) }),
      {
        signal: caller,
        limits: this.settings.limits,
        world: this.world,
        onRetry: (attempt, failure, waitMs) =>
          this.observe({ ...about, type: "retry", attempt, failure: failure.kind, waitMs }),
        look: () => lookAtServer(inner, input),
        onSilence: (verdict, waitedMs) => {
          silent = true;
          this.observe({ ...about, type: "silent", verdict, waitedMs });
        },
      },
    );
    if (!sent.ok) {
      const { failure, detail, attempts } = sent;
      const { kind, retryable, retryAfterMs } = failure;
      const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
      this.observe({
        ...about,
        type: "failed",
        attempts,
        failure: kind,
        retryable,
        midStream: false,
        detail,
        ...asked,
      });
      return errorResponse(input, { status: FAILED, message: failureText(failure, detail, attempts), code: kind });
    }
    const { begun } = sent;
    const repair = { tools: offeredTools(parseJson(mended.body)), switches: this.settings.repair };
    const tools = repair.tools.length;
    const gaps = recordGaps();
    gaps.came(this.world.now());
    if (silent) this.observe({ ...about, type: "begun", waitedMs: this.world.now() - started });
    const ended = (report: RepairReport) => {
      const { firstByteMs, response } = begun;
      this.observe({
        ...about,
        type: "answered",
        firstByteMs,
        totalMs: this.world.now() - started,
        status: response.status,
        gaps: gaps.counts(),
        ...(turn ? { queueMs: Math.round(turn.waitedMs) } : {}),
        ...(report.finish === undefined ? {} : { finish: report.finish }),
        ...(report.usage === undefined ? {} : { tokens: report.usage }),
      });
      this.observe({ ...about, type: "repaired", report, history: mended.repaired, historyNotes: mended.notes });
    };
    if (!isChatCompletion(input)) {
      const broke = (error: unknown) => {
        const { kind: failure } = classifyFailure({ errorCode: codeOf(error) });
        const { attempts } = begun;
        const detail = messageOf(error);
        this.observe({ ...about, type: "failed", attempts, failure, retryable: true, midStream: true, detail });
      };
      const passed = passedOn(begun, {
        caller,
        silenceMs: this.settings.silenceMs,
        came: () => gaps.came(this.world.now()),
        stop: () => upstream.abort(),
        ended: () => ended(UNREAD),
        broke,
      });
      return new Response(passed, headOf(begun.response));
    }
    const type = begun.response.headers.get("content-type") ?? "";
    if (!type.includes("text/event-stream")) {
      const whole = repairBody(await restOf(begun), repair);
      ended(whole.report);
      return new Response(whole.body, headOf(begun.response));
    }
    const machine = createRepair(repair);
    const answer = repairedStream(begun, machine, {
      caller,
      came: () => gaps.came(this.world.now()),
      stop: () => upstream.abort(),
      silenceMs: this.settings.silenceMs,
      ended: () => {
        const report = machine.report();
        ended(report);
        if (report.runaway) this.observe({ ...about, type: "runaway", kind: report.runaway.kind, tools });
      },
      limited: () => this.observe({ ...about, type: "limited", tools }),
      broke: (failure, detail) => {
        const { attempts } = begun;
        this.observe({ ...about, type: "failed", attempts, failure, retryable: true, midStream: true, detail });
      },
    });
    return new Response(answer, headOf(begun.response));
  }
}

/** The request with a priority of its own, put before what it has: the prompt stays as it is, byte for byte. */
function withPriority(body: string, priority: number | undefined): string {
  return priority === undefined ? body : body.replace(/^\s*\{/u, `{"priority":${priority},`);
}
