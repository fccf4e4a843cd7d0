import type { EventRow } from "../core/view/eventRow.ts";
import { tint } from "./colours.ts";
import { h, panel, put } from "./dom.ts";
import type { Panel } from "./panel.ts";
import type { State } from "./state.ts";
import { clock } from "./timelineScale.ts";
import type { Say } from "./words.ts";

/** Height of a row in CSS pixels; the style sheet says the same. */
const ROW = 28;
/** Rows drawn beyond what is to be seen. */
const SPARE = 8;

/** The event log, newest first. Only the rows that are to be seen are in the page, so that thousands cost nothing. */
export function events(say: Say, detailOf: (n: number) => Promise<string>): Panel {
  const count = h("span", { class: "count", attrs: { role: "status" } });
  const search = h("input", {
    attrs: { type: "search", placeholder: say("searchHint"), "aria-label": say("search"), autocomplete: "off" },
  });
  const type = h(
    "select",
    { attrs: { "aria-label": say("everyType") } },
    h("option", { text: say("everyType"), attrs: { value: "" } }),
  );
  const who = h(
    "select",
    { attrs: { "aria-label": say("everyWorker") } },
    h("option", { text: say("everyWorker"), attrs: { value: "" } }),
  );
  const problems = h("input", { attrs: { type: "checkbox" } });
  const filters = h("div", { class: "filters" }, search, type, who, h("label", {}, problems, say("problems")));
  const { root, body } = panel("events", say("events"), count);
  const list = h("div", { class: "log", attrs: { role: "listbox", tabindex: 0, "aria-labelledby": "events-title" } });
  const space = h("div", { class: "space" });
  const empty = h("p", { class: "empty", text: say("noEvents") });
  const detail = h("pre", { attrs: { tabindex: 0 } });
  const close = h("button", { text: "×", title: say("close"), attrs: { type: "button", "aria-label": say("close") } });
  const drawer = h("div", { class: "detail" }, close, detail);
  drawer.hidden = true;
  list.append(space);
  body.append(filters, list, empty, drawer);

  let rows: readonly EventRow[] = [];
  let swarm: string | undefined;
  let start = 0;
  let fitting: EventRow[] = [];
  let chosen: number | undefined;
  const fits = (row: EventRow): boolean => {
    if (type.value !== "" && row.type !== type.value) return false;
    if (who.value !== "" && row.worker !== who.value) return false;
    if (problems.checked && row.tone !== "bad") return false;
    const words = search.value.trim().toLowerCase();
    return words === "" || `${row.type} ${row.worker} ${row.text}`.toLowerCase().includes(words);
  };
  const paint = () => {
    const first = Math.max(0, Math.floor(list.scrollTop / ROW) - SPARE);
    const last = Math.min(fitting.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + SPARE);
    const seen: HTMLElement[] = [];
    for (let index = first; index < last; index += 1) {
      const row = fitting[fitting.length - 1 - index];
      if (row) seen.push(rowElement(row, index, start, row.n === chosen));
    }
    space.style.height = `${fitting.length * ROW}px`;
    space.replaceChildren(...seen);
    if (chosen === undefined) list.removeAttribute("aria-activedescendant");
    else list.setAttribute("aria-activedescendant", `event-${chosen}`);
  };
  const filter = () => {
    fitting = rows.filter(fits);
    put(
      count,
      fitting.length === rows.length ? String(rows.length) : say("shown", { n: fitting.length, of: rows.length }),
    );
    empty.hidden = fitting.length > 0;
    list.hidden = fitting.length === 0;
    paint();
  };
  const show = async (n: number) => {
    chosen = n;
    paint();
    put(detail, "…");
    drawer.hidden = false;
    const text = await detailOf(n);
    if (chosen === n) put(detail, text);
  };
  const choose = (index: number) => {
    const row = fitting[fitting.length - 1 - Math.max(0, Math.min(fitting.length - 1, index))];
    if (!row) return;
    chosen = row.n;
    const top = (fitting.length - 1 - fitting.indexOf(row)) * ROW;
    if (top < list.scrollTop) list.scrollTop = top;
    if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
    paint();
  };
  const at = () => (chosen === undefined ? -1 : fitting.length - 1 - fitting.findIndex(({ n }) => n === chosen));
  const page = () => Math.max(1, Math.floor(list.clientHeight / ROW) - 1);
  const keys: Record<string, () => void> = {
    ArrowDown: () => choose(at() + 1),
    ArrowUp: () => choose(at() - 1),
    PageDown: () => choose(at() + page()),
    PageUp: () => choose(at() - page()),
    Home: () => choose(0),
    End: () => choose(fitting.length - 1),
    Enter: () => void (chosen === undefined ? undefined : show(chosen)),
    Escape: () => hide(),
  };
  const hide = () => {
    drawer.hidden = true;
    chosen = undefined;
    list.focus();
    paint();
  };
  list.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  list.addEventListener("scroll", paint, { passive: true });
  list.addEventListener("click", ({ target }) => {
    const n = target instanceof Element ? target.closest<HTMLElement>("[data-n]")?.dataset.n : undefined;
    if (n !== undefined) void show(Number(n));
  });
  close.addEventListener("click", hide);
  drawer.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") hide();
  });
  for (const input of [search, type, who, problems]) input.addEventListener("input", filter);
  new ResizeObserver(paint).observe(list);

  const update = (state: State) => {
    const next = state.feed?.rows ?? [];
    root.hidden = !state.feed?.view.swarm;
    start = state.feed?.view.swarm?.startedAt ?? 0;
    if (next === rows) return;
    const other = state.feed?.view.swarm?.id !== swarm;
    swarm = state.feed?.view.swarm?.id;
    if (other) {
      // What was chosen is another swarm's; the words that are searched for stay.
      chosen = undefined;
      drawer.hidden = true;
      for (const select of [type, who]) select.length = 1;
    }
    const grown = !other && next.length > rows.length ? next.slice(rows.length).filter(fits).length : 0;
    rows = next;
    addOptions(type, new Set(rows.map((row) => row.type).sort()));
    addOptions(
      who,
      new Set(
        rows
          .map(({ worker }) => worker)
          .filter((worker) => worker !== "")
          .sort(),
      ),
    );
    // Whoever reads further down keeps the place.
    const away = list.scrollTop;
    filter();
    if (away > 0 && grown > 0) list.scrollTop = away + grown * ROW;
  };
  return { root, update };
}

function rowElement(row: EventRow, index: number, start: number, chosen: boolean): HTMLElement {
  const who =
    row.worker === "" ? h("b", { class: "chip nobody", text: "·" }) : h("b", { class: "chip", text: row.worker });
  const element = tint(
    h(
      "div",
      {
        class: `event ${row.tone}`,
        id: `event-${row.n}`,
        attrs: { role: "option", "aria-selected": chosen, "data-n": row.n },
      },
      h("time", { text: clock(row.at - start, false) }),
      who,
      h("span", { class: "type", text: row.type.replaceAll("_", " ") }),
      h("span", { class: "text", text: row.text }),
    ),
    row.worker,
  );
  element.style.transform = `translateY(${index * ROW}px)`;
  return element;
}

function addOptions(select: HTMLSelectElement, values: ReadonlySet<string>): void {
  const known = new Set(Array.from(select.options).map(({ value }) => value));
  for (const value of values)
    if (!known.has(value)) select.append(h("option", { text: value.replaceAll("_", " "), attrs: { value } }));
}
