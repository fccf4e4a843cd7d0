import type { SwarmEvent } from "../../../src/core/workflow/events.ts";
import type { Effect } from "../../../src/core/workflow/react.ts";
import type { Swarm } from "../../../src/core/workflow/state.ts";

/** Pairs of the alphabet's scopes that share a path, worked out by hand. */
const SHARED: Readonly<Record<string, readonly string[]>> = {
  "src/a/**": ["src/a/**", "src/a/x.ts", "src/**/*.ts"],
  "src/b/**": ["src/b/**", "src/**/*.ts"],
  "src/c/**": ["src/c/**", "src/**/*.ts"],
  "src/a/x.ts": ["src/a/**", "src/a/x.ts", "src/**/*.ts"],
  "src/**/*.ts": ["src/a/**", "src/b/**", "src/c/**", "src/a/x.ts", "src/**/*.ts"],
};

/** Whether two scopes of the alphabet share a path. */
const sharedByHand = ([a = ""]: readonly string[], [b = ""]: readonly string[]) => SHARED[a]?.includes(b) ?? false;

interface Part {
  scope: readonly string[];
  dependsOn: readonly string[];
  name: string;
  life: "queued" | "running" | "completed" | "ended";
  session?: string;
  /** Whether an effect asked for its start since it was queued last. */
  asked: boolean;
  read: boolean;
  /** Since its session began. */
  takeUps: number;
  /** Since the Commander last sent it out. */
  renewals: number;
}

/**
 * Judges a swarm by its events alone, with none of the decider's own functions: it keeps its own books and throws where
 * an event breaks one of the properties.
 */
export class Witness {
  private readonly parts = new Map<string, Part>();
  private readonly evidence = new Map<
    string,
    { passed: Map<string, boolean>; required: readonly string[]; stable: boolean }
  >();
  private readonly overrides = new Set<string>();
  private settled = false;
  private yesFor = 0;
  private openRevision = 0;
  private rejected = false;
  private autopilot = false;
  private skipAsked = false;
  private optional = false;
  private baseline = false;
  private checked = false;
  private question: "design" | "qa-change" | "unsandboxed-qa" | undefined;
  private paused = false;
  private over = false;
  private streak = 0;
  /** Of the Commander since the work moved: requests it is taken up after, and turns it was sent on because of its model. */
  private takeUps = 0;
  private spoilt = 0;
  private exhausted = false;
  private atFinalQa = false;
  private readonly share: typeof sharedByHand;

  /** @param share whether two scopes have a path in common; by default as worked out by hand for the alphabet. */
  constructor(share = sharedByHand) {
    this.share = share;
  }

  see(event: SwarmEvent): void {
    switch (event.type) {
      case "swarm_started":
        this.optional = event.settings.designOptional;
        return;
      case "person_spoke":
        this.autopilot ||= event.autopilot;
        this.skipAsked ||= event.skipAsked;
        this.paused = false;
        this.moved();
        return;
      case "swarm_resumed":
        this.paused = false;
        this.moved();
        return;
      case "design_proposed":
        must(!this.settled, "a proposal after the design was settled");
        this.openRevision = event.proposal.revision;
        this.yesFor = 0;
        this.rejected = false;
        this.question = "design";
        this.moved();
        return;
      case "design_answered":
        must(this.question === "design" && event.revision === this.openRevision, "an answer to no open revision");
        if (event.verdict === "unclear") return;
        if (event.verdict === "yes") this.yesFor = event.revision;
        this.rejected = event.verdict === "no";
        this.question = undefined;
        return;
      case "design_approved":
        must(event.revision === this.openRevision && !this.rejected, "an approval of another revision, or over a no");
        must(this.yesFor === event.revision || this.autopilot, "an approval without a person");
        if (!this.settled) this.moved();
        this.settle();
        return;
      case "design_skipped":
        must(this.skipAsked || this.optional, "a skip nobody asked for");
        this.moved();
        this.settle();
        return;
      case "foundation_completed":
        must(this.settled && !this.baseline, "a foundation without a design, or twice");
        this.baseline = true;
        this.moved();
        return;
      case "workers_dispatched":
        must(this.settled && this.baseline && !this.paused, "a dispatch before its time");
        for (const { id, name, fileScope, dependsOn } of event.workers) {
          must(!this.parts.has(id), "an id given twice");
          this.parts.set(id, {
            scope: fileScope,
            dependsOn,
            name,
            life: "queued",
            asked: false,
            read: false,
            takeUps: 0,
            renewals: 0,
          });
        }
        this.reopened();
        return;
      case "worker_retried": {
        const part = this.part(event.worker);
        must(!this.paused, "a retry against the person's stop");
        Object.assign(part, { life: "queued", asked: false, read: false, takeUps: 0, renewals: 0 });
        delete part.session;
        this.reopened();
        return;
      }
      case "worker_renewed": {
        const part = this.part(event.worker);
        must(part.life === "running", "a fresh session for a Worker that does not run");
        part.renewals += 1;
        must(part.renewals <= 1, "more than one fresh session in one attempt of the Commander's");
        Object.assign(part, { life: "queued", asked: false, takeUps: 0 });
        delete part.session;
        return;
      }
      case "worker_interrupted": {
        const part = this.part(event.worker);
        must(part.life === "running", "a take-up of a Worker that does not run");
        part.takeUps += 1;
        must(part.takeUps <= 6, "a Worker taken up without end");
        return;
      }
      case "worker_started": {
        const part = this.part(event.worker);
        must(this.settled, "a Worker started without a design");
        must(part.life === "queued" && !this.over, "a Worker started that does not wait");
        Object.assign(part, { life: "running", session: event.session });
        return;
      }
      case "worker_reported":
        must(this.part(event.worker).life === "running", "a report of a Worker that does not run");
        this.part(event.worker).life = event.status === "completed" ? "completed" : "ended";
        this.moved();
        return;
      case "worker_failed":
      case "worker_cancelled":
        this.part(event.worker).life = "ended";
        this.moved();
        return;
      case "worker_read":
        must(this.alive() === 0 || this.part(event.worker).life !== "running", "a diff read of a running Worker");
        if (!this.part(event.worker).read) this.moved();
        this.part(event.worker).read = true;
        return;
      case "conflicts_checked":
        must(this.alive() === 0 && this.parts.size > 0, "integration with Workers unfinished");
        if (!this.checked && !this.atFinalQa) this.moved();
        this.checked = true;
        return;
      case "qa_ran": {
        must(this.mayTest(), "QA before integration");
        const before = this.evidence.get(event.tree);
        const passed = new Map(before?.stable ? before.passed : []);
        for (const row of event.rows) passed.set(row.check, row.passed);
        this.evidence.set(event.tree, { passed, required: event.required, stable: event.stable });
        if (this.covered(event.tree) && this.checked && !this.atFinalQa) {
          this.atFinalQa = true;
          this.moved();
        }
        return;
      }
      case "qa_change_seen":
        this.question = "qa-change";
        return;
      case "unsandboxed_qa_asked":
        this.question = "unsandboxed-qa";
        return;
      case "qa_change_answered":
      case "unsandboxed_qa_answered":
        this.question = undefined;
        return;
      case "committed":
        must(this.mayTest(), "a commit before integration");
        must(this.covered(event.tree) || this.overrides.has("qa"), "a commit without evidence of its tree");
        this.over = true;
        this.moved();
        return;
      case "commander_interrupted":
        must(!this.paused && !this.over && !this.exhausted, "a take-up of a Commander that rests");
        this.takeUps += 1;
        must(this.takeUps <= 5, "a Commander taken up without end");
        return;
      case "continuation_exhausted":
        must(!this.exhausted, "a person told twice");
        this.exhausted = true;
        return;
      case "continued":
        must(!this.exhausted, "a continuation after the person was told");
        if (event.why !== undefined) {
          must(!this.paused && !this.over, "a Commander sent on against the person's stop");
          this.spoilt += 1;
          must(this.spoilt <= 7, "a Commander sent on without end because of its model");
          return;
        }
        must(
          this.question === undefined || (this.question === "design" && this.autopilot),
          "a continuation while a question is open",
        );
        must(!this.paused && !this.over, "a continuation against the person's stop");
        must(this.alive() === 0, "a continuation while Workers live");
        this.streak += 1;
        must(this.streak <= 3, "more than 3 continuations without progress");
        return;
      case "gate_overridden":
        this.overrides.add(event.gate);
        if (event.gate !== "design") return;
        if (!this.settled && !this.baseline) this.moved();
        this.settle();
        return;
      case "person_aborted":
        this.paused = true;
        return;
      case "swarm_aborted":
        this.over = true;
        this.question = undefined;
        return;
    }
  }

  asked(effect: Effect): void {
    if (effect.type === "start_worker") this.part(effect.worker).asked = true;
  }

  /** After a whole command: compares the state with the books. */
  compare(state: Swarm): void {
    must(this.over === (state.phase === "done" || state.phase === "aborted"), "an end that is none");
    for (const worker of state.workers) {
      const part = this.part(worker.assignment.id);
      const running = worker.status === "exploring" || worker.status === "implementing" || worker.status === "self-qa";
      must(
        running === (part.life === "running"),
        `${worker.assignment.id} is ${worker.status}, its events say ${part.life}`,
      );
      if (running)
        must(worker.session === part.session && part.session !== undefined, "a running Worker without its session");
      must((worker.status === "queued") === (part.life === "queued"), "a Worker queued in one book only");
      must((worker.status === "completed") === (part.life === "completed"), "a Worker completed in one book only");
      if (part.life !== "queued" || this.over) continue;
      const waitsFor = part.dependsOn.map((name) => this.named(name));
      must(
        waitsFor.every((other) => other.life !== "ended"),
        "a Worker that waits for ever",
      );
      if (waitsFor.every((other) => other.life === "completed")) must(part.asked, "a Worker that nobody starts");
    }
    const live = [...this.parts.values()].filter((part) => part.life === "queued" || part.life === "running");
    must(live.length === 0 || !this.over, "a live Worker in a swarm that is over");
    must(live.length <= state.settings.maxWorkers, "more live Workers than places");
    for (const [index, part] of live.entries()) {
      for (const other of live.slice(index + 1)) must(!this.share(part.scope, other.scope), "live scopes that overlap");
    }
    if (live.length > 0) must(state.phase === "monitoring", `live Workers in ${state.phase}`);
  }

  private settle(): void {
    this.settled = true;
    if (this.question === "design") this.question = undefined;
  }

  private reopened(): void {
    this.checked = false;
    this.atFinalQa = false;
    this.moved();
  }

  private moved(): void {
    this.streak = 0;
    this.takeUps = 0;
    this.spoilt = 0;
    this.exhausted = false;
  }

  private part(id: string): Part {
    const part = this.parts.get(id);
    if (!part) throw new Error(`an event about ${id}, which was never dispatched`);
    return part;
  }

  private named(name: string): Part {
    const part = [...this.parts.values()].find((each) => each.name === name);
    if (!part) throw new Error(`a dependency on ${name}, which was never dispatched`);
    return part;
  }

  private alive(): number {
    return [...this.parts.values()].filter((part) => part.life === "queued" || part.life === "running").length;
  }

  private mayTest(): boolean {
    if (!this.settled || !this.baseline || this.parts.size === 0 || this.alive() > 0) return false;
    const unread = [...this.parts.values()].some((part) => part.life === "completed" && !part.read);
    return (this.checked || this.overrides.has("integrate")) && (!unread || this.overrides.has("review"));
  }

  private covered(tree: string): boolean {
    const evidence = this.evidence.get(tree);
    if (!evidence?.stable || evidence.required.length === 0) return false;
    return evidence.required.every((check) => evidence.passed.get(check) === true);
  }
}

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(`property broken: ${otherwise}`);
}
