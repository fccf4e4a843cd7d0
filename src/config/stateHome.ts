import { join } from "node:path";

/** State directory of this product: `$XDG_STATE_HOME`, or `~/.local/state` where unset, empty or relative. */
export function stateHome(env: Readonly<Record<string, string | undefined>>, home: string): string {
  const xdg = env.XDG_STATE_HOME;
  return join(xdg?.startsWith("/") ? xdg : join(home, ".local", "state"), "oh-my-qwencoder");
}
