import type { TreeNode } from "../core/view/scopeTree.ts";
import { tint } from "./colours.ts";
import { h, panel } from "./dom.ts";
import type { Panel } from "./panel.ts";
import type { State } from "./state.ts";
import type { Say } from "./words.ts";

/** Whose is which part of the project, on its file tree. */
export function scopes(say: Say): Panel {
  const { root, body } = panel("scopes", say("scopes"));
  const tree = h("ul", { class: "tree", attrs: { role: "tree", "aria-labelledby": "scopes-title" } });
  const empty = h("p", { class: "empty", text: say("noScopes") });
  body.append(tree, empty);
  /** What the person opened or closed, by path. */
  const opened = new Map<string, boolean>();
  let shown: readonly TreeNode[] = [];
  let focused = "";

  const items = () => Array.from(tree.querySelectorAll<HTMLElement>("[role=treeitem]"));
  const focus = (item: HTMLElement | undefined) => {
    if (!item) return;
    for (const other of items()) other.tabIndex = -1;
    item.tabIndex = 0;
    focused = item.dataset.path ?? "";
    item.focus();
  };
  const open = (path: string, wide: boolean) => {
    opened.set(path, wide);
    draw();
    focus(items().find((item) => item.dataset.path === path));
  };
  tree.addEventListener("keydown", (event) => {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const item = all[at];
    if (!item) return;
    const path = item.dataset.path ?? "";
    const wide = item.getAttribute("aria-expanded");
    const acts: Record<string, () => void> = {
      ArrowDown: () => focus(all[at + 1]),
      ArrowUp: () => focus(all[at - 1]),
      Home: () => focus(all[0]),
      End: () => focus(all.at(-1)),
      ArrowRight: () => (wide === "false" ? open(path, true) : focus(all[at + 1])),
      ArrowLeft: () =>
        wide === "true" ? open(path, false) : focus(all.findLast((each) => path.startsWith(`${each.dataset.path}/`))),
      Enter: () => wide !== null && open(path, wide === "false"),
      " ": () => wide !== null && open(path, wide === "false"),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  tree.addEventListener("click", ({ target }) => {
    const item = target instanceof Element ? target.closest<HTMLElement>("[role=treeitem]") : null;
    const wide = item?.getAttribute("aria-expanded");
    if (item && wide) open(item.dataset.path ?? "", wide === "false");
  });

  const draw = () => {
    const rows: HTMLElement[] = [];
    const add = (nodes: readonly TreeNode[], level: number) => {
      for (const node of nodes) {
        const inner = node.children !== undefined && node.children.length > 0;
        const wide = inner && (opened.get(node.path) ?? true);
        rows.push(itemOf(say, node, level, inner ? wide : undefined));
        if (wide) add(node.children ?? [], level + 1);
      }
    };
    add(shown, 1);
    const first = rows.find((item) => item.dataset.path === focused) ?? rows[0];
    if (first) first.tabIndex = 0;
    const held = tree.contains(document.activeElement);
    tree.replaceChildren(...rows);
    if (held) first?.focus();
  };
  const update = (state: State) => {
    const { tree: next = [], view } = state.feed ?? {};
    root.hidden = !view?.swarm;
    if (next === shown) return;
    shown = next;
    const any = (view?.workers.length ?? 0) > 0;
    tree.hidden = !any;
    empty.hidden = any;
    if (any) draw();
  };
  return { root, update };
}

function itemOf(say: Say, node: TreeNode, level: number, wide: boolean | undefined): HTMLElement {
  const { name, path, owners, wroteBy, more, planned, children } = node;
  const label = more !== undefined && !children ? say("more", { n: more }) : children ? `${name}/` : name;
  const notes = [
    ...(owners.length > 0 ? [say("owned", { who: owners.join(", ") })] : []),
    ...(planned ? [say("planned")] : []),
    ...(wroteBy.length > 0 && !children ? [say("wrote", { who: wroteBy.join(", ") })] : []),
  ];
  const chips = owners.map((id) => tint(h("b", { class: "chip", text: id }), id));
  const dots = children
    ? []
    : wroteBy.map((id) => tint(h("i", { class: "dot", attrs: { "aria-hidden": "true" } }), id));
  const count = children && more !== undefined ? [h("small", { text: say("more", { n: more }) })] : [];
  const item = h(
    "li",
    {
      class: children ? "dir" : more !== undefined ? "more" : planned ? "file planned" : "file",
      title: notes.join(" · "),
      attrs: { role: "treeitem", tabindex: -1, "aria-level": level, "data-path": path },
    },
    h("span", { class: "twist", text: wide === undefined ? "" : wide ? "▾" : "▸", attrs: { "aria-hidden": "true" } }),
    h("span", { class: "name", text: label }),
    ...count,
    ...dots,
    ...chips,
    ...(notes.length > 0 ? [h("span", { class: "sr", text: notes.join(", ") })] : []),
  );
  if (wide !== undefined) item.setAttribute("aria-expanded", String(wide));
  const [owner] = owners.length > 0 || children ? owners : wroteBy;
  if (owner !== undefined) tint(item, owner).classList.add("owned");
  item.style.setProperty("--level", String(level));
  return item;
}
