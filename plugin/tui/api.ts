import type { Element } from "@opentui/solid";

/** What is used of OpenCode 1.18's TUI plugin API; its own types need the renderer's packages. */
export interface TuiApi {
  state: { path: { worktree: string; directory: string } };
  theme: { current: Record<"text" | "textMuted" | "success" | "error" | "warning", unknown> };
  renderer: { width: number };
  lifecycle: { signal: AbortSignal };
  slots: {
    register(plugin: { order?: number; slots: Record<string, (context: unknown, props: unknown) => Element> }): string;
  };
}
