import { h, put, s } from "./dom.ts";
import type { State } from "./state.ts";
import type { Language, Say } from "./words.ts";

export type Connection = "connecting" | "live" | "lost";

export interface HeadActs {
  swarm(id: string): void;
  theme(): void;
  language(language: Language): void;
}

/** The bar on top: which swarm, whether it is live, language and light. */
export function head(say: Say, language: Language, acts: HeadActs) {
  const picker = h("select", { attrs: { "aria-label": say("swarm") } });
  picker.addEventListener("change", () => acts.swarm(picker.value));
  const state = h("span", { class: "state", attrs: { role: "status" } });
  const other: Language = language === "en" ? "ko" : "en";
  const languages = h("button", {
    text: other === "ko" ? "한국어" : "English",
    attrs: { type: "button", lang: other, "aria-label": other === "ko" ? "한국어" : "English" },
    on: { click: () => acts.language(other) },
  });
  const theme = h(
    "button",
    {
      class: "theme",
      title: say("theme"),
      attrs: { type: "button", "aria-label": say("theme") },
      on: { click: acts.theme },
    },
    s(
      "svg",
      { viewBox: "0 0 20 20", "aria-hidden": "true" },
      s("circle", { cx: 10, cy: 10, r: 7, fill: "none", stroke: "currentColor", "stroke-width": 1.6 }),
      s("path", { d: "M10 3a7 7 0 0 1 0 14z", fill: "currentColor" }),
    ),
  );
  const mark = s(
    "svg",
    { viewBox: "0 0 24 24", class: "mark", "aria-hidden": "true" },
    s("path", { d: "M12 2 21 5.5v6c0 5.2-3.7 8.9-9 10.5-5.3-1.6-9-5.3-9-10.5v-6z", class: "shield" }),
    s("path", { d: "M12 7.2 16.2 16h-2.1l-.8-1.9h-2.7L9.8 16H7.8zM12 10.300l-.75 2.100h1.500z", class: "letter" }),
  );
  const root = h(
    "header",
    { class: "top" },
    h("h1", {}, mark, h("span", { text: "Aegis" })),
    picker,
    state,
    h("span", { class: "gap" }),
    languages,
    theme,
  );
  let listed = "";
  const update = (now: State, connection: Connection, chosen: string) => {
    const { swarms = [], view } = now.feed ?? {};
    const key = swarms.join();
    if (key !== listed || picker.options.length === 0) {
      listed = key;
      const newest = h("option", { text: say("newest"), attrs: { value: "" } });
      const older = [...swarms].reverse().map((id) => h("option", { text: timeOf(id), attrs: { value: id } }));
      picker.replaceChildren(newest, ...older);
    }
    picker.value = chosen;
    picker.hidden = swarms.length === 0;
    const over = view?.swarm?.over === true;
    const kind = connection !== "live" ? connection : over ? "ended" : view?.driven ? "live" : "idle";
    state.className = `state ${kind}`;
    put(state, kind === "idle" && !view?.swarm ? say("live") : say(kind));
    state.hidden = connection === "live" && !view;
  };
  return { root, update };
}

/** When a swarm began, in this person's time: its id has it in UTC. */
function timeOf(id: string): string {
  const [, y, mo, d, hh, mm, ss] = /^s-(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)/.exec(id) ?? [];
  if (y === undefined) return id;
  const at = new Date(`${y}-${mo}-${d}T${hh}:${mm}:${ss}Z`);
  return `${at.toLocaleDateString()} ${at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
}
