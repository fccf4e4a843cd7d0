import { join, sep } from "node:path";
import { parseDocument } from "../../config/document.ts";
import { readBytes } from "./changes.ts";
import type { Places } from "./places.ts";

type Json = Record<string, unknown>;

/** A configuration that OpenCode reads after the one an install edits, so that its values replace ours. */
export interface LaterConfig {
  path: string;
  value: Json;
}

const NAMES = ["opencode.json", "opencode.jsonc"];

/** Directories below `root` that hold a configuration of their own: the packages of a monorepo. */
async function packageFiles(root: string): Promise<string[]> {
  const { execa } = await import("execa");
  const patterns = NAMES.map((name) => `:(glob)*/**/${name}`);
  const listed = await execa(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", ...patterns],
    { cwd: root, reject: false, timeout: 10_000 },
  );
  // Without an answer there is nothing to warn of; the install itself does not depend on it.
  if (listed.failed) return [];
  const own = `.opencode${sep}`;
  return listed.stdout
    .split("\0")
    .filter((file) => file !== "" && !file.startsWith(own))
    .map((file) => join(root, file));
}

/**
 * The files OpenCode reads after the edited one: those of packages below a project's root (where it is started there), of
 * OPENCODE_CONFIG_DIR, of the machine (the order: OpenCode 1.18.33). A file that cannot be parsed is left out: OpenCode itself
 * says what is wrong with it.
 *
 * @param target the file that is edited, absolute
 */
export async function laterConfigs(places: Places, target: string): Promise<LaterConfig[]> {
  // A file in the root's `.opencode` is read after those of packages.
  const overridden = places.scope === "project" && !target.startsWith(join(places.base, ".opencode", sep));
  const nested = overridden ? await packageFiles(places.base) : [];
  return [...nested, ...places.above].flatMap((path) => {
    const bytes = readBytes(path);
    const parsed = bytes === undefined ? undefined : parseDocument(path, bytes.toString("utf8"));
    const value = parsed?.ok ? parsed.document.value : undefined;
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? [{ path, value: Object.fromEntries(Object.entries(value)) }]
      : [];
  });
}

/** Why our provider cannot be used where this file counts: the key that leaves it out; undefined where none does. */
export function hidesProvider({ value }: LaterConfig): "enabled_providers" | "disabled_providers" | undefined {
  const named = (key: string): unknown[] | undefined => {
    const list = value[key];
    return Array.isArray(list) ? list : undefined;
  };
  if (named("enabled_providers")?.includes("aegis") === false) return "enabled_providers";
  return named("disabled_providers")?.includes("aegis") ? "disabled_providers" : undefined;
}
