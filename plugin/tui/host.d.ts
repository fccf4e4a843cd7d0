/** What the host's own renderer gives a TUI plugin at run time; its package brings a compiler along, which is not needed. */
declare module "@opentui/solid" {
  export type Element = { readonly __element: unique symbol };
  export function createElement(tag: "box" | "text" | "span"): Element;
  export function setProp(node: Element, name: string, value: unknown): void;
  export function insert(parent: Element, child: unknown): void;
}
declare module "solid-js" {
  export function createSignal<T>(value: T): [() => T, (next: T) => void];
  export function onCleanup(call: () => void): void;
}
