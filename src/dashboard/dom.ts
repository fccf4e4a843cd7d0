type Child = Node | string | null;
interface Props {
  class?: string;
  id?: string;
  title?: string;
  text?: string;
  on?: Partial<Record<keyof HTMLElementEventMap, (event: Event) => void>>;
  attrs?: Record<string, string | number | boolean>;
}

/** An element. Texts become text nodes, never markup: they come from models. */
export function h<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[T] {
  const element = document.createElement(tag);
  if (props.class !== undefined) element.className = props.class;
  if (props.id !== undefined) element.id = props.id;
  if (props.title !== undefined) element.title = props.title;
  if (props.text !== undefined) element.textContent = props.text;
  for (const [name, value] of Object.entries(props.attrs ?? {})) element.setAttribute(name, String(value));
  for (const [name, listener] of Object.entries(props.on ?? {})) if (listener) element.addEventListener(name, listener);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** An element of a drawing. */
export function s<T extends keyof SVGElementTagNameMap>(
  tag: T,
  attrs: Record<string, string | number> = {},
  ...children: readonly (Node | string)[]
): SVGElementTagNameMap[T] {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attrs)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** Sets a text where it is another one: a screen reader hears of no change that is none. */
export function put(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A panel with its heading. */
export function panel(id: string, title: string, ...extra: readonly Node[]): { root: HTMLElement; body: HTMLElement } {
  const body = h("div", { class: "body" });
  const heading = h("h2", { id: `${id}-title`, text: title });
  const head = h("header", {}, heading, ...extra);
  const root = h("section", { class: `panel ${id}`, id, attrs: { "aria-labelledby": `${id}-title` } }, head, body);
  return { root, body };
}
