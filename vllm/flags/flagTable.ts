import { z } from "zod";
import v0160 from "./0.16.0.json" with { type: "json" };
import v0190 from "./0.19.0.json" with { type: "json" };
import v0220 from "./0.22.0.json" with { type: "json" };
import v0240 from "./0.24.0.json" with { type: "json" };
import v0280 from "./0.28.0.json" with { type: "json" };
import v0320 from "./0.32.0.json" with { type: "json" };
import v0330 from "./0.33.0.json" with { type: "json" };

const tableSchema = z.object({
  version: z.string(),
  obtained: z.string(),
  flags: z.array(z.string().startsWith("--")),
});

/** The flags `vllm serve` of one version knows. */
export interface FlagTable {
  version: string;
  /** How the list was made. */
  obtained: string;
  flags: ReadonlySet<string>;
}

/** Every table, oldest version first. */
export function flagTables(): readonly FlagTable[] {
  return [v0160, v0190, v0220, v0240, v0280, v0320, v0330].map((data) => {
    const table = tableSchema.parse(data);
    return { ...table, flags: new Set(table.flags) };
  });
}

const numbersOf = (version: string): number[] => (version.match(/\d+/g) ?? []).slice(0, 3).map(Number);

function compare(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let index = 0; index < 3; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * The table to go by: the newest that is not newer than the installed version; the oldest for versions before all of
 * them; the newest where the version is not known.
 */
export function flagTableFor(version: string | undefined): { table: FlagTable; exact: boolean } {
  const tables = flagTables();
  const [oldest, newest] = [tables[0], tables.at(-1)];
  if (!oldest || !newest) throw new Error("there is no flag table");
  if (version === undefined) return { table: newest, exact: false };
  const table = tables.findLast((one) => compare(one.version, version) <= 0) ?? oldest;
  return { table, exact: compare(table.version, version) === 0 };
}

/** `--max_num_seqs=4` and `--compilation-config.level` name `--max-num-seqs` and `--compilation-config`. */
export function flagName(word: string): string {
  const name = word.split("=", 1)[0]?.split(".", 1)[0] ?? word;
  return name.replaceAll("_", "-");
}

/** Whether the version knows a flag; the `--no-` form of a boolean counts, short options (`-tp`) are taken as they are. */
export function knowsFlag(table: FlagTable, word: string): boolean {
  if (!word.startsWith("--")) return true;
  const name = flagName(word);
  return table.flags.has(name) || (name.startsWith("--no-") && table.flags.has(`--${name.slice("--no-".length)}`));
}
