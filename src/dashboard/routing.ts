import { dollars } from "../core/view/dollars.ts";
import type { ChartPeriod, UsageChart } from "../core/view/feed.ts";
import { shortTokens } from "../core/view/tokenCounts.ts";
import { providerClass } from "./colours.ts";
import { h, panel, put, s } from "./dom.ts";
import type { Panel } from "./panel.ts";
import type { State } from "./state.ts";
import type { Say } from "./words.ts";

const WIDTH = 480;
const HEIGHT = 120;

/** Where requests went and what they cost: a bar for every minute of an hour, or hour of a day. */
export function routing(say: Say): Panel {
  let period: ChartPeriod = "hour";
  let last: { charts: NonNullable<State["feed"]>["charts"]; period: ChartPeriod } | undefined;
  let state: State | undefined;
  const buttons = (["hour", "day"] as const).map((each) => {
    const choose = () => {
      period = each;
      if (state) update(state);
    };
    return { each, button: h("button", { text: say(each), attrs: { type: "button" }, on: { click: choose } }) };
  });
  const group = h(
    "div",
    { class: "buttons", attrs: { role: "group", "aria-label": say("routing") } },
    ...buttons.map(({ button }) => button),
  );
  const { root, body } = panel("routing", say("routing"), group);
  const mode = h("p", { class: "mode" });
  const requests = h("figure");
  const costs = h("figure");
  const table = h("div", { class: "scroll" });
  const charts = h("div", { class: "charts" }, requests, costs);
  const empty = h("p", { class: "empty", text: say("noRequests") });
  body.append(mode, charts, table, empty);
  const update = (now: State) => {
    state = now;
    const { view, charts: known } = now.feed ?? {};
    if (!view) return;
    const { routing: line, limits } = view;
    const parts = [
      `${line.primary} · ${line.mode}`,
      ...(line.fallback === null ? [] : [line.fallback]),
      ...(line.savedTokens === 0 ? [] : [say("spared", { n: shortTokens(line.savedTokens) })]),
      ...Object.entries(limits).map(([name, percent]) => `${name} ${Math.round(Number(percent))}%`),
    ];
    put(mode, parts.join(" · "));
    for (const { each, button } of buttons) button.setAttribute("aria-pressed", String(each === period));
    if (last && last.charts === known && last.period === period) return;
    last = { charts: known ?? null, period };
    const chart = known?.[period];
    const none = !chart || chart.total.requests === 0;
    charts.hidden = none;
    table.hidden = none;
    empty.hidden = !none;
    if (!chart || none) return;
    const end = Math.floor(now.now / chart.bucketMs) * chart.bucketMs;
    requests.replaceChildren(
      h("figcaption", {}, h("span", { text: say("byProvider") }), h("strong", { text: String(chart.total.requests) })),
      requestBars(chart, end),
      legendOf(chart),
    );
    costs.replaceChildren(
      h("figcaption", {}, h("span", { text: say("costTime") }), h("strong", { text: dollars(chart.total) })),
      costBars(chart, end),
      h("p", { class: "note", text: say("energy", { kwh: chart.kwh.toFixed(3) }) }),
    );
    table.replaceChildren(providers(say, chart));
  };
  return { root, update };
}

function legendOf({ byProvider }: UsageChart): HTMLElement {
  const names = Object.entries(byProvider).sort(([, a], [, b]) => b.requests - a.requests);
  return h(
    "ul",
    { class: "legend" },
    ...names.map(([name, { requests }]) => h("li", { class: providerClass(name), text: `${name} ${requests}` })),
  );
}

function drawing(label: string, top: string): SVGElement {
  const svg = s("svg", { viewBox: `0 -12 ${WIDTH} ${HEIGHT + 16}`, role: "img", "aria-label": label, class: "bars" });
  for (const share of [0, 0.5, 1])
    svg.append(s("line", { x1: 0, x2: WIDTH, y1: 2 + HEIGHT * share, y2: 2 + HEIGHT * share }));
  svg.append(s("text", { x: 0, y: -3 }, top));
  return svg;
}

function place(chart: UsageChart, start: number, end: number): { x: number; width: number } {
  const step = WIDTH / chart.buckets;
  return { x: WIDTH - step * ((end - start) / chart.bucketMs + 1), width: Math.max(1, step - (step > 5 ? 2 : 1)) };
}

function requestBars(chart: UsageChart, end: number): SVGElement {
  const sums = chart.points.map(({ requests }) => Object.values(requests).reduce((sum, count) => sum + count, 0));
  const top = Math.max(1, ...sums);
  const names = Object.keys(chart.byProvider);
  const words = names.map((name) => `${name} ${chart.byProvider[name]?.requests ?? 0}`).join(", ");
  const svg = drawing(words, String(top));
  for (const { start, requests } of chart.points) {
    const { x, width } = place(chart, start, end);
    let below = 0;
    for (const name of names) {
      const height = ((requests[name] ?? 0) / top) * HEIGHT;
      if (height === 0) continue;
      below += height;
      svg.append(s("rect", { x, y: 2 + HEIGHT - below, width, height, rx: 1, class: providerClass(name) }));
    }
  }
  return svg;
}

function costBars(chart: UsageChart, end: number): SVGElement {
  const top = Math.max(0.01, ...chart.points.map(({ cost }) => cost));
  const svg = drawing(dollars(chart.total), `$${top.toFixed(2)}`);
  for (const { start, cost } of chart.points) {
    const { x, width } = place(chart, start, end);
    const height = (cost / top) * HEIGHT;
    if (height > 0) svg.append(s("rect", { x, y: 2 + HEIGHT - height, width, height, rx: 1, class: "cost" }));
  }
  return svg;
}

function providers(say: Say, { byProvider }: UsageChart): HTMLElement {
  const head = (["provider", "requests", "success", "p50", "p95", "tokens", "costs"] as const).map((word) =>
    h("th", { text: say(word), attrs: { scope: "col" } }),
  );
  const time = (ms: number | undefined) =>
    ms === undefined ? "–" : ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
  const rows = Object.entries(byProvider).map(([name, report]) => {
    const { requests, successRate, latency, tokens } = report;
    const cells = [
      String(requests),
      successRate === null ? "–" : `${(100 * successRate).toFixed(0)}%`,
      time(latency?.p50),
      time(latency?.p95),
      `${shortTokens(tokens.input)}↓ ${shortTokens(tokens.output)}↑`,
      dollars(report),
    ];
    const title = h("th", { attrs: { scope: "row" } }, h("i", { class: `key ${providerClass(name)}` }), name);
    return h("tr", {}, title, ...cells.map((text) => h("td", { text })));
  });
  return h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows));
}
