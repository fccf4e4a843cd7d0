import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Change } from "./changes.ts";
import { readBytes } from "./changes.ts";
import { type InstalledFile, type Manifest, type Owned, sha256 } from "./manifest.ts";

/** A file as it shall be, before it is compared with what is there. */
export interface Wanted {
  path: string;
  kind: InstalledFile["kind"];
  after: string;
  owned: Owned[];
}

/** `.gitignore` with `.aegis/` in it; the text itself where that is ignored already. */
export function gitignoreWith(raw: string | undefined): { after: string; added: boolean } {
  const text = raw ?? "";
  if (text.split(/\r?\n/).some((line) => /^\/?\.aegis\/?$/.test(line.trim()))) return { after: text, added: false };
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const gap = text === "" || text.endsWith("\n") ? "" : eol;
  return { after: `${text}${gap}.aegis/${eol}`, added: true };
}

/**
 * Files that keep OpenCode from asking the registry for its plugin package in a configuration directory, a stall of over
 * a minute without a network (measured with 1.18.33: an empty node_modules and a manifest and lock that name the package,
 * whatever its version). Nothing where the directory has dependencies of its own.
 */
export function provisionFiles(dir: string): Wanted[] {
  const present = existsSync(dir) ? readdirSync(dir) : [];
  if (present.includes("package.json") || present.includes("node_modules")) return [];
  const dependencies = { "@opencode-ai/plugin": "*" };
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  const own = (name: string, after: string): Wanted => ({ path: join(dir, name), kind: "own", after, owned: [] });
  return [
    own("package.json", json({ dependencies })),
    own(
      "package-lock.json",
      json({ name: "opencode", lockfileVersion: 3, requires: true, packages: { "": { dependencies } } }),
    ),
    own(join("node_modules", ".aegis-offline"), "Keeps OpenCode from asking the package registry at start.\n"),
  ];
}

/**
 * Compares what shall be with what is and with the record of the last install.
 *
 * @returns the changes to make, copies to keep (file name → bytes) and the new record
 */
export function reconcile(
  wanted: readonly Wanted[],
  former: Manifest | undefined,
  about: { baseUrl: string; model: string },
): { changes: Change[]; backups: Map<string, Buffer>; manifest: Manifest } {
  const changes: Change[] = [];
  const backups = new Map<string, Buffer>();
  const files: InstalledFile[] = [];
  for (const [index, want] of wanted.entries()) {
    const before = readBytes(want.path);
    const after = Buffer.from(want.after);
    const known = former?.files.find((file) => file.path === want.path);
    const changed = before?.equals(after) !== true;
    if (changed) changes.push({ path: want.path, before, after });
    if (known) {
      const hash = before === undefined ? null : sha256(before);
      // Put back by hand (or by git) counts as untouched: the first copy is still the right one.
      const untouched = hash === known.after || hash === known.before;
      if (!changed && !untouched) files.push(known);
      else files.push({ ...known, after: sha256(after), intact: known.intact && untouched, owned: want.owned });
      continue;
    }
    if (!changed) continue;
    const backup = before === undefined ? undefined : `${index}-${sha256(before).slice(0, 12)}.orig`;
    if (before !== undefined && backup !== undefined) backups.set(backup, before);
    files.push({
      path: want.path,
      kind: want.kind,
      before: before === undefined ? null : sha256(before),
      after: sha256(after),
      ...(backup === undefined ? {} : { backup }),
      intact: true,
      owned: want.owned,
    });
  }
  const rest = (former?.files ?? []).filter((file) => !wanted.some((want) => want.path === file.path));
  return { changes, backups, manifest: { version: 1, ...about, files: [...files, ...rest] } };
}
