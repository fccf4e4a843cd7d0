import type { Span } from "../core/view/timeline.ts";
import { shortTokens } from "../core/view/tokenCounts.ts";
import { duration } from "../core/workflow/dashboard.ts";
import { tint } from "./colours.ts";
import { h, panel, put } from "./dom.ts";
import type { Panel } from "./panel.ts";
import { type Row, type State, totals } from "./state.ts";
import { type Drawn, drawTimeline, HEAD, ROW, spanAt } from "./timelineCanvas.ts";
import { clock, moved, type Window, zoomed } from "./timelineScale.ts";
import type { Say, Word } from "./words.ts";

const LEGEND: readonly [string, Word][] = [
  ["prompt", "prompt"],
  ["model", "model"],
  ["tool", "tool"],
  ["wait", "wait"],
  ["fail", "failed"],
];

/** When each session had the model at work, ran a tool, or waited for the GPU. */
export function timeline(say: Say): Panel {
  const legend = h(
    "ul",
    { class: "legend" },
    ...LEGEND.map(([kind, word]) => h("li", { class: kind, text: say(word) })),
  );
  const button = (text: string, label: string, act: () => void) =>
    h("button", { text, attrs: { type: "button", "aria-label": label }, title: label, on: { click: act } });
  const all = button(say("all"), say("all"), () => show(undefined));
  const zoom = h(
    "div",
    { class: "buttons" },
    button("−", say("zoomOut"), () => zoomBy(1.6)),
    button("+", say("zoomIn"), () => zoomBy(1 / 1.6)),
    all,
  );
  const { root, body } = panel("timeline", say("timeline"), legend, zoom);
  const labels = h("ul", { class: "lanes" });
  const canvas = h("canvas", {
    attrs: { tabindex: 0, role: "application", "aria-label": say("timeline"), "aria-describedby": "timeline-help" },
  });
  const tip = h("div", { class: "tip", attrs: { role: "tooltip" } });
  const readout = h("p", { class: "sr", attrs: { "aria-live": "polite" } });
  const help = h("p", { class: "help", id: "timeline-help", text: say("timelineHelp") });
  const empty = h("p", { class: "empty", text: say("noTimeline") });
  const plot = h("div", { class: "plot" }, canvas, tip);
  const chart = h("div", { class: "chart" }, labels, plot);
  body.append(chart, empty, help, readout);

  let drawn: Drawn | undefined;
  let shown: Window | undefined;
  let chosen = -1;
  let hot: Span | undefined;
  const whole = (): Window | undefined => drawn && { from: drawn.start, to: Math.max(drawn.end, drawn.start + 1_000) };
  const show = (next: Window | undefined) => {
    const limits = whole();
    // What reaches the end follows the time; what shows everything goes on to do so.
    shown = next && limits && next.to - next.from < limits.to - limits.from ? next : undefined;
    paint();
  };
  const zoomBy = (by: number, at = 1) => {
    const limits = whole();
    if (limits) show(zoomed(shown ?? limits, by, at, limits));
  };
  const moveBy = (by: number) => {
    const limits = whole();
    if (limits && shown) show(moved(shown, by, limits));
  };
  const paint = () => {
    if (!drawn) return;
    drawn = { ...drawn, shown: shown ?? whole() ?? drawn.shown, chosen, hot };
    drawTimeline(canvas, drawn);
  };
  const choose = (by: number) => {
    if (!drawn) return;
    chosen = Math.max(0, Math.min(drawn.rows.length - 1, chosen + by));
    const row = drawn.rows[chosen];
    if (row) put(readout, summary(say, row, drawn.end));
    paint();
  };
  const keys: Record<string, () => void> = {
    ArrowLeft: () => moveBy(-0.2),
    ArrowRight: () => moveBy(0.2),
    ArrowUp: () => choose(-1),
    ArrowDown: () => choose(1),
    "+": () => zoomBy(1 / 1.6, 0.5),
    "=": () => zoomBy(1 / 1.6, 0.5),
    "-": () => zoomBy(1.6, 0.5),
    "0": () => show(undefined),
    Home: () => moveBy(-1e6),
    End: () => moveBy(1e6),
  };
  canvas.addEventListener("keydown", (event) => {
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      zoomBy(event.deltaY > 0 ? 1.25 : 0.8, event.offsetX / canvas.clientWidth);
    },
    { passive: false },
  );
  let dragged: number | undefined;
  canvas.addEventListener("pointerdown", (event) => {
    dragged = event.offsetX;
    if (event.pointerType === "mouse") canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointerup", () => {
    dragged = undefined;
  });
  canvas.addEventListener("pointermove", (event) => {
    if (dragged !== undefined && shown && event.pointerType === "mouse") {
      moveBy((dragged - event.offsetX) / canvas.clientWidth);
      dragged = event.offsetX;
    }
    hot = drawn && spanAt(drawn, canvas.clientWidth, event.offsetX, event.offsetY);
    showTip(tip, hot && drawn ? tipText(say, hot, drawn) : "", event.offsetX, event.offsetY, canvas.clientWidth);
    paint();
  });
  canvas.addEventListener("pointerleave", () => {
    hot = undefined;
    showTip(tip, "", 0, 0, 0);
    paint();
  });
  new ResizeObserver(paint).observe(plot);

  const update = (state: State) => {
    const swarm = state.feed?.view.swarm;
    const rows = state.rows(say);
    const any = rows.some(({ spans }) => spans.length > 0);
    chart.hidden = !any;
    empty.hidden = any;
    root.hidden = !swarm;
    if (!swarm || !any) return;
    const last = Math.max(...rows.flatMap(({ spans }) => spans.map(({ end }) => end ?? 0)));
    const end = swarm.over ? Math.max(state.end, last) : state.end;
    if (shown && drawn && shown.to >= drawn.end - 1) shown = { from: shown.from + (end - drawn.end), to: end };
    const before = drawn;
    drawn = {
      ...{ rows, phases: state.feed?.phases ?? [], shown: { from: swarm.startedAt, to: end } },
      ...{ start: swarm.startedAt, end, chosen, hot },
    };
    labelRows(say, labels, rows, end);
    if (before && before.start !== drawn.start) shown = undefined;
    paint();
  };
  return { root, update };
}

function labelRows(say: Say, list: HTMLElement, rows: readonly Row[], now: number): void {
  list.style.paddingTop = `${HEAD}px`;
  list.replaceChildren(
    ...rows.map((row) => {
      const { model, tool, wait } = totals(row.spans, now);
      const share = (part: number) => `${Math.round((100 * part) / Math.max(1, model + tool + wait))}%`;
      const bars = [
        ["model", model],
        ["tool", tool],
        ["wait", wait],
      ] as const;
      const mix = h("span", { class: "mix", attrs: { "aria-hidden": "true" } });
      for (const [kind, part] of bars) {
        const piece = h("i", { class: kind });
        piece.style.width = share(part);
        mix.append(piece);
      }
      const id = row.role === "worker" ? [h("b", { class: "chip", text: row.id })] : [];
      const item = tint(
        h("li", { title: summary(say, row, now) }, ...id, h("span", { class: "name", text: row.name }), mix),
        row.id,
      );
      item.append(h("span", { class: "sr", text: summary(say, row, now) }));
      item.style.height = `${ROW}px`;
      return item;
    }),
  );
}

function summary(say: Say, row: Row, now: number): string {
  const { model, tool, wait } = totals(row.spans, now);
  const name = row.role === "worker" ? `${row.id} ${row.name}` : row.name;
  return say("busy", { name, model: duration(model), tool: duration(tool), wait: duration(wait) });
}

function tipText(say: Say, span: Span, { start, end }: Drawn): string {
  const ms = (span.end ?? end) - span.start;
  const time = ms < 10_000 ? `${(ms / 1_000).toFixed(2)} s` : duration(ms);
  const { tokens, firstMs } = span;
  return [
    span.what || say(span.kind),
    `${clock(span.start - start, true)} · ${time}${span.failed ? ` · ${say("failed")}` : ""}`,
    ...(firstMs === undefined ? [] : [`${say("prompt")} ${(firstMs / 1_000).toFixed(2)} s`]),
    ...(tokens
      ? [`${shortTokens(tokens.prompt)}↓ (${shortTokens(tokens.cached)} ⚡) ${shortTokens(tokens.output)}↑`]
      : []),
  ].join("\n");
}

function showTip(tip: HTMLElement, text: string, x: number, y: number, width: number): void {
  tip.classList.toggle("shown", text !== "");
  put(tip, text);
  tip.style.left = `${Math.max(0, Math.min(x + 12, width - 220))}px`;
  tip.style.top = `${y + 16}px`;
}
