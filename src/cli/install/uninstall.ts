import { rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { INSTALL_RECORD } from "../../config/installedModel.ts";
import { CliFailure } from "../failure.ts";
import { applyChanges, type Change, readBytes, removeEmptyDirs, type WriteFile } from "./changes.ts";
import { type InstalledFile, type Manifest, manifestSchema, sha256 } from "./manifest.ts";
import type { Places } from "./places.ts";
import { withoutOurs } from "./planConfig.ts";

export const manifestPath = (places: Places) => join(places.backupDir, INSTALL_RECORD);

/** The record of the last install here, undefined where there was none. */
export function readManifest(places: Places): Manifest | undefined {
  const path = manifestPath(places);
  const bytes = readBytes(path);
  if (!bytes) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    value = undefined;
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CliFailure(`${path} (the record of what was installed) is damaged`, {
    next: `Copies of your files lie beside it. Compare them with yours, delete ${dirname(path)}, and run the command again.`,
  });
}

export type Outcome = "restored" | "deleted" | "entries-removed" | "unchanged" | "left";

function gitignoreWithout(text: string, lines: readonly string[]): string {
  return text
    .split(/(?<=\n)/)
    .filter((line) => !lines.includes(line.trim()))
    .join("");
}

function undo(file: InstalledFile, backupDir: string): { change: Change | undefined; outcome: Outcome } {
  const current = readBytes(file.path);
  if (!current) return { change: undefined, outcome: "unchanged" };
  const hash = sha256(current);
  if (hash === file.before) return { change: undefined, outcome: "unchanged" };
  const change = (after: Buffer | undefined): Change => ({ path: file.path, before: current, after });
  if (hash === file.after && file.intact) {
    if (file.before === null) return { change: change(undefined), outcome: "deleted" };
    const backup = file.backup === undefined ? undefined : readBytes(join(backupDir, basename(file.backup)));
    if (backup && sha256(backup) === file.before) return { change: change(backup), outcome: "restored" };
  }
  if (file.kind === "own") return { change: undefined, outcome: "left" };
  const text = current.toString("utf8");
  const after =
    file.kind === "opencode"
      ? withoutOurs(text, file.owned)
      : gitignoreWithout(
          text,
          file.owned.flatMap((item) => (item.kind === "item" ? [item.value] : [])),
        );
  if (after === undefined) return { change: undefined, outcome: "left" };
  return { change: change(Buffer.from(after)), outcome: "entries-removed" };
}

/**
 * Takes an install back: byte for byte where a file is as the install left it, else only our entries.
 *
 * @returns what became of each file; undefined where nothing was installed
 */
export async function planUninstall(
  places: Places,
): Promise<{ changes: Change[]; outcomes: { path: string; outcome: Outcome }[] } | undefined> {
  const manifest = readManifest(places);
  if (!manifest) return undefined;
  const rows = manifest.files.map((file) => ({ path: file.path, ...undo(file, places.backupDir) }));
  return {
    changes: rows.flatMap((row) => (row.change ? [row.change] : [])),
    outcomes: rows.map(({ path, outcome }) => ({ path, outcome })),
  };
}

/** Carries the plan out, then removes backups, the record and directories left empty. */
export async function applyUninstall(places: Places, changes: readonly Change[], write: WriteFile): Promise<void> {
  await applyChanges(changes, write);
  rmSync(places.backupDir, { recursive: true, force: true });
  removeEmptyDirs(dirname(places.backupDir), dirname(dirname(places.backupDir)));
  for (const change of changes) {
    if (change.after !== undefined) continue;
    removeEmptyDirs(dirname(change.path), places.base);
    if (places.claude) removeEmptyDirs(dirname(change.path), places.claude.base);
  }
}
