import type { GaugePoint } from "../core/view/feed.ts";
import type { Gauges } from "../core/view/liveState.ts";
import { shortTokens } from "../core/view/tokenCounts.ts";
import { h, panel, put, s } from "./dom.ts";
import type { Panel } from "./panel.ts";
import type { State } from "./state.ts";
import type { Say, Word } from "./words.ts";

/** Time that a small curve shows, at most and at least (ms): it begins with the first figure. */
const WINDOW_MS = { most: 300_000, least: 30_000 } as const;
const WIDTH = 160;
const HEIGHT = 36;

type Figure = Exclude<keyof Gauges, "server" | "at">;
interface Kind {
  figure: Figure;
  word: Word;
  /** A share has a bar and a fixed top; others a curve by their own greatest. */
  share: boolean;
}
const KINDS: readonly Kind[] = [
  { figure: "running", word: "running", share: false },
  { figure: "waiting", word: "waiting", share: false },
  { figure: "kvUsage", word: "kv", share: true },
  { figure: "prefixHits", word: "prefix", share: true },
  { figure: "outputRate", word: "out", share: false },
  { figure: "promptRate", word: "in", share: false },
];

/** What each model server does now, and did in the last minutes. */
export function gpu(say: Say): Panel {
  const { root, body } = panel("gpu", say("gpu"));
  const empty = h("p", { class: "empty", text: say("noGpu") });
  const servers = new Map<string, { root: HTMLElement; update(points: readonly GaugePoint[], now: number): void }>();
  body.append(empty);
  const update = (state: State) => {
    const { gauges = [], view } = state.feed ?? {};
    const last = gauges.at(-1);
    const names = new Set((view?.swarm?.over ? [] : (last?.servers ?? [])).map(({ server }) => server));
    for (const [name, { root: shown }] of servers)
      if (!names.has(name)) {
        shown.remove();
        servers.delete(name);
      }
    for (const name of names) {
      const shown = servers.get(name) ?? serverBox(say, name);
      if (!servers.has(name)) body.append(shown.root);
      servers.set(name, shown);
      shown.update(gauges, state.now);
    }
    empty.hidden = names.size > 0;
    root.classList.toggle("without", names.size === 0);
    root.hidden = names.size === 0 && view?.swarm?.over !== false;
  };
  return { root, update };
}

function serverBox(say: Say, server: string) {
  const tiles = KINDS.map((kind) => tile(say, kind));
  const root = h(
    "div",
    { class: "server" },
    h("p", { class: "server-name", text: server }),
    h("div", { class: "tiles" }, ...tiles.map((each) => each.root)),
  );
  const update = (points: readonly GaugePoint[], now: number) => {
    const own = points.flatMap(({ at, servers }) => {
      const found = servers.find((each) => each.server === server);
      return found && now - at <= WINDOW_MS.most ? [{ at, gauges: found }] : [];
    });
    for (const each of tiles) each.update(own, now);
  };
  return { root, update };
}

function tile(say: Say, { figure, word, share }: Kind) {
  const value = h("strong", { text: "–" });
  const unit = h("small", { text: figure.endsWith("Rate") ? say("perSecond") : "" });
  const line = s("path", { class: "line" });
  const area = s("path", { class: "area" });
  const curve = s(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "spark", "aria-hidden": "true" },
    area,
    line,
  );
  const root = h(
    "div",
    { class: `figure tile ${figure}` },
    h("span", { text: say(word) }),
    h("p", {}, value, unit),
    curve,
  );
  const update = (points: readonly { at: number; gauges: Gauges }[], now: number) => {
    const last = points.at(-1)?.gauges[figure];
    put(value, last === undefined ? "–" : share ? `${Math.round(last * 100)}%` : wordOf(figure, last));
    root.classList.toggle(
      "high",
      (figure === "kvUsage" && (last ?? 0) > 0.9) || (figure === "waiting" && (last ?? 0) > 0),
    );
    const known = points.flatMap(({ at, gauges }) => {
      const y = gauges[figure];
      return y === undefined ? [] : [{ at, y }];
    });
    const top = share ? 1 : Math.max(1, ...known.map(({ y }) => y)) * 1.15;
    const newest = known.at(-1)?.at ?? now;
    const window = Math.max(WINDOW_MS.least, newest - (known[0]?.at ?? now));
    const x = (at: number) => WIDTH * (1 - Math.min(1, Math.max(0, (newest - at) / window)));
    const path = known
      .map(({ at, y }) => `${x(at).toFixed(1)},${(HEIGHT - 1 - (y / top) * (HEIGHT - 4)).toFixed(1)}`)
      .join(" L");
    const from = known[0];
    line.setAttribute("d", path === "" ? "" : `M${path}`);
    const first = from ? x(from.at).toFixed(1) : "0";
    const lastX = known.length > 0 ? x(newest).toFixed(1) : "0";
    area.setAttribute("d", path === "" ? "" : `M${first},${HEIGHT} L${path} L${lastX},${HEIGHT} Z`);
  };
  return { root, update };
}

function wordOf(figure: Figure, value: number): string {
  return figure.endsWith("Rate") ? shortTokens(Math.round(value)) : String(Math.round(value));
}
