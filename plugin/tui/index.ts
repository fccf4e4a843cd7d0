import { homedir } from "node:os";
import { join } from "node:path";
import { createElement, type Element, insert, setProp } from "@opentui/solid";
import { createSignal } from "solid-js";
import { ViewReader } from "../../src/adapters/view/viewReader.ts";
import { watchView } from "../../src/adapters/view/watchView.ts";
import { stateHome } from "../../src/config/stateHome.ts";
import { inCells } from "../../src/core/view/cells.ts";
import { type Line, type Tone, viewLines } from "../../src/core/view/lines.ts";
import type { SwarmView } from "../../src/core/view/swarmView.ts";
import type { Language } from "../../src/core/workflow/model.ts";
import type { TuiApi } from "./api.ts";

/** Cells of the host's sidebar that a plugin may fill (measured with 1.18.33). */
const SIDEBAR = 37;

/** Adds the swarm to OpenCode's own screen: what it does in the sidebar, and the status line below. */
async function tui(api: TuiApi): Promise<void> {
  const language: Language = /^ko(?![a-z])/i.test(process.env.OMQ_LANG || process.env.LC_ALL || process.env.LANG || "")
    ? "ko"
    : "en";
  const reader = new ViewReader({
    stateDir: stateDirOf(api),
    stateHome: stateHome(process.env, homedir()),
    language,
  });
  const [view, show] = createSignal<SwarmView>(reader.read(Date.now()));
  watchView(reader, api.lifecycle.signal, () => show(reader.read(Date.now())));
  api.slots.register({
    order: 50,
    slots: {
      sidebar_content: () =>
        column(() => [
          lineElement(api, [{ text: "Swarm", tone: "head" }]),
          ...viewLines(view(), { width: SIDEBAR, language }).map((line) => lineElement(api, line)),
        ]),
      app_bottom: () => column(() => bottomLines(view(), api.renderer.width).map((line) => lineElement(api, line))),
    },
  });
}

function stateDirOf(api: TuiApi): string | undefined {
  const { worktree, directory } = api.state.path;
  // Where there is no repository the host says "/".
  const root = worktree === "" || worktree === "/" ? directory : worktree;
  return root === "" ? undefined : join(root, ".aegis");
}

/** Nothing where there has been no swarm and no request: who does not use it shall not pay a line for it. */
function bottomLines(view: SwarmView, width: number): Line[] {
  if (!view.swarm && Object.keys(view.traffic).length === 0) return [];
  return [[{ text: inCells(` ${view.statusLine}`, width).trimEnd(), tone: "dim" }]];
}

function column(children: () => Element[]): Element {
  const box = createElement("box");
  setProp(box, "flexDirection", "column");
  insert(box, children);
  return box;
}

function lineElement(api: TuiApi, line: Line): Element {
  const text = createElement("text");
  setProp(text, "wrapMode", "none");
  for (const piece of line) {
    const span = createElement("span");
    setProp(span, "style", { fg: colourOf(api, piece.tone), bold: piece.tone === "head" });
    insert(span, piece.text);
    insert(text, span);
  }
  return text;
}

function colourOf({ theme }: TuiApi, tone: Tone): unknown {
  const { text, textMuted, success, error, warning } = theme.current;
  return { plain: text, head: text, dim: textMuted, good: success, bad: error, busy: warning }[tone];
}

export default { id: "oh-my-qwencoder", tui };
