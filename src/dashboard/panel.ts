import type { State } from "./state.ts";

/** A part of the page. */
export interface Panel {
  root: HTMLElement;
  /** Shows the state as it is now; called after news, and every second for what only time changes. */
  update(state: State): void;
}
