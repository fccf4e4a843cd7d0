import { relative } from "node:path";
import { type Io, paint } from "../io.ts";
import type { Change } from "./changes.ts";
import { unifiedDiff } from "./diff.ts";

/** Shows changes as one diff, with paths relative to `base`. */
export function printDiff(io: Io, base: string, changes: readonly Change[]): void {
  for (const change of changes) {
    const text = (bytes: Buffer | undefined) => bytes?.toString("utf8").replace(/^\uFEFF/, "");
    for (const line of unifiedDiff(relative(base, change.path), text(change.before), text(change.after))
      .trimEnd()
      .split("\n")) {
      const colour = line.startsWith("+") ? "green" : line.startsWith("-") ? "red" : "dim";
      io.stdout.write(`${paint(io, colour, line)}\n`);
    }
  }
}
