import type { WorkerLine } from "../core/view/swarmView.ts";
import { shortTokens } from "../core/view/tokenCounts.ts";
import { duration } from "../core/workflow/dashboard.ts";
import { swarmWord } from "../core/workflow/swarmWords.ts";
import { tint } from "./colours.ts";
import { h, panel, put } from "./dom.ts";
import type { Panel } from "./panel.ts";
import type { State } from "./state.ts";
import type { Language, Say } from "./words.ts";

interface Card {
  root: HTMLElement;
  update(worker: WorkerLine, ms: number): void;
}

/** A bar for each Worker: how far it is, what it does now, what it has used. */
export function workers(say: Say, language: Language): Panel {
  const count = h("span", { class: "count" });
  const { root, body } = panel("workers", say("workers"), count);
  const list = h("ul", { class: "cards" });
  body.append(list);
  const cards = new Map<string, Card>();
  const update = (state: State) => {
    const { view } = state.feed ?? {};
    if (!view) return;
    const gone = new Set(cards.keys());
    for (const worker of view.workers) {
      gone.delete(worker.id);
      const card = cards.get(worker.id) ?? newCard(say, language, worker);
      if (!cards.has(worker.id)) list.append(card.root);
      cards.set(worker.id, card);
      const running = ["exploring", "implementing", "self-qa", "stalled"].includes(worker.status);
      const now = running ? worker : { ...worker, ahead: null };
      card.update(now, worker.durationMs + (running && !view.swarm?.over ? state.now - view.at : 0));
    }
    for (const id of gone) {
      cards.get(id)?.root.remove();
      cards.delete(id);
    }
    put(count, view.workers.length === 0 ? "" : `${view.completed}/${view.workers.length}`);
    root.hidden = view.workers.length === 0;
  };
  return { root, update };
}

function newCard(say: Say, language: Language, { id }: WorkerLine): Card {
  const name = h("span", { class: "name" });
  const status = h("span", { class: "badge" });
  const fill = h("span", { class: "fill" });
  const bar = h(
    "div",
    { class: "bar", attrs: { role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 } },
    fill,
  );
  const doing = h("span", { class: "doing" });
  const tokens = h("span", { class: "num" });
  const time = h("span", { class: "num" });
  const head = h("div", { class: "row" }, h("b", { class: "chip", text: id }), name, status);
  const foot = h("div", { class: "row foot" }, doing, tokens, time);
  const root = tint(h("li", { class: "card", attrs: { "data-worker": id } }, head, bar, foot), id);
  const update = (worker: WorkerLine, ms: number) => {
    const share = Math.round(worker.progress * 100);
    put(name, worker.feature || worker.name);
    const shown = swarmWord(language, `worker.${worker.status}`);
    put(status, shown);
    root.dataset.status = worker.status;
    bar.setAttribute("aria-valuenow", String(share));
    bar.setAttribute("aria-label", `${worker.id} ${worker.feature || worker.name}: ${shown}`);
    fill.style.width = `${share}%`;
    const waits = worker.ahead !== null;
    root.classList.toggle("waits", waits);
    put(doing, waits ? say("ahead", { n: worker.ahead ?? 0 }) : worker.doing || worker.scope.join(" "));
    doing.title = worker.doing;
    put(tokens, worker.tokens === 0 ? "" : shortTokens(worker.tokens));
    put(time, ms === 0 ? "" : duration(ms));
  };
  return { root, update };
}
