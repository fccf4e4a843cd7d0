import { dollars } from "../core/view/dollars.ts";
import { shortTokens } from "../core/view/tokenCounts.ts";
import { duration } from "../core/workflow/dashboard.ts";
import { haltText } from "../core/workflow/halt.ts";
import { PHASES } from "../core/workflow/state.ts";
import { swarmWord } from "../core/workflow/swarmWords.ts";
import { h, put, s } from "./dom.ts";
import type { Panel } from "./panel.ts";
import { type State, totals } from "./state.ts";
import type { Language, Say, Word } from "./words.ts";

/** The ring's circumference, for a radius of 26. */
const ROUND = 2 * Math.PI * 26;

/** Where the swarm stands: its phases, and the figures one looks for first. */
export function hero(say: Say, language: Language): Panel {
  const steps = PHASES.map((phase) => {
    const time = h("span", { class: "time" });
    const item = h(
      "li",
      {},
      h("span", { class: "dot" }),
      h("span", { class: "name", text: swarmWord(language, `phase.${phase}`) }),
      time,
    );
    return { phase, item, time };
  });
  const ring = s("circle", { cx: 32, cy: 32, r: 26, class: "arc", "stroke-dasharray": ROUND });
  const count = h("strong");
  const done = h(
    "div",
    { class: "figure kpi ring" },
    drawnRing(ring),
    h("div", {}, count, h("span", { text: say("completed") })),
  );
  const figure = (word: Word) => {
    const value = h("strong", { text: "–" });
    const note = h("small");
    const root = h("div", { class: "figure kpi" }, h("span", { text: say(word) }), value, note);
    return { root, value, note };
  };
  const [elapsed, tokens, answers, wait, cost] = [
    figure("elapsed"),
    figure("tokens"),
    figure("answers"),
    figure("gpuWait"),
    figure("cost"),
  ];
  const notice = h("p", { class: "notice", attrs: { role: "status" } });
  const next = h("p", { class: "next" });
  const root = h(
    "section",
    { class: "panel hero", attrs: { "aria-label": say("swarm") } },
    h("ol", { class: "phases" }, ...steps.map(({ item }) => item)),
    h("div", { class: "kpis" }, done, ...[elapsed, tokens, answers, wait, cost].map(({ root: each }) => each)),
    notice,
    next,
  );
  const update = (state: State) => {
    const { feed } = state;
    const swarm = feed?.view.swarm;
    if (!feed || !swarm) return;
    const { workers, completed } = feed.view;
    const times = new Map<string, number>();
    for (const [index, { phase, since }] of feed.phases.entries()) {
      const until = feed.phases[index + 1]?.since ?? (phase === swarm.phase ? state.end : since);
      times.set(phase, (times.get(phase) ?? 0) + until - since);
    }
    const aborted = swarm.phase === "aborted";
    const at = PHASES.indexOf(swarm.phase);
    for (const [index, { phase, item, time }] of steps.entries()) {
      const spent = times.get(phase);
      const now = phase === swarm.phase;
      const past = aborted ? spent !== undefined : index < at || swarm.phase === "done";
      item.className = now && !swarm.over ? "now" : past ? "past" : "ahead";
      if (now) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
      put(time, spent === undefined || phase === "done" ? "" : duration(spent));
    }
    root.classList.toggle("aborted", aborted);
    put(count, `${completed}/${workers.length}`);
    ring.setAttribute(
      "stroke-dashoffset",
      String(ROUND * (1 - (workers.length === 0 ? 0 : completed / workers.length))),
    );
    put(elapsed.value, duration(state.elapsed));
    put(tokens.value, shortTokens(workers.reduce((sum, worker) => sum + worker.tokens, 0)));
    const rows = state.rows(say);
    const spans = rows.flatMap((row) => row.spans);
    const answered = spans.filter(({ kind, end, failed }) => kind === "model" && end !== null && !failed);
    put(answers.value, String(answered.length));
    const output = answered.reduce((sum, span) => sum + (span.tokens?.output ?? 0), 0);
    put(answers.note, output === 0 ? "" : `${shortTokens(output)} ${say("out").toLowerCase()}`);
    put(wait.value, duration(totals(spans, state.end).wait));
    put(cost.value, feed.charts ? dollars(feed.charts.hour.total) : "–");
    put(notice, noticeOf(say, feed.view, language));
    notice.hidden = notice.textContent === "";
    put(next, swarm.next === null ? "" : `${say("next")}: ${swarm.next}`);
    next.hidden = swarm.next === null;
  };
  return { root, update };
}

function drawnRing(arc: SVGElement): SVGElement {
  const track = s("circle", { cx: 32, cy: 32, r: 26, class: "track" });
  return s("svg", { viewBox: "0 0 64 64", "aria-hidden": "true" }, track, arc);
}

function noticeOf(say: Say, { at, swarm, problems }: NonNullable<State["feed"]>["view"], language: Language): string {
  const question = swarm?.question;
  const known = question === "design" || question === "qa-change" || question === "unsandboxed-qa";
  const parts = [
    ...(question ? [`${say("asks")}: ${known ? say(`asks.${question}`) : question}`] : []),
    ...(swarm?.halt ? [haltText(swarm.halt, at, language)] : []),
    ...problems,
  ];
  return parts.join(" · ");
}
