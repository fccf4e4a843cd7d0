import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { CliFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import type { WriteFile } from "./changes.ts";
import type { InstallOptions } from "./options.ts";
import type { Places } from "./places.ts";
import { printDiff } from "./printDiff.ts";
import { applyUninstall, manifestPath, planUninstall } from "./uninstall.ts";

/**
 * Takes the nearest install of these scopes out; one of another scope is named and stays.
 *
 * @param all the scopes that were asked for, the nearest first
 * @param others the scopes nobody asked for
 * @throws CliFailure exit 1 where something is installed in another scope alone
 */
export async function uninstall(
  io: Io,
  options: InstallOptions,
  all: readonly Places[],
  others: readonly Places[],
  write: WriteFile,
): Promise<void> {
  for (const places of all) {
    const plan = await planUninstall(places);
    if (!plan) continue;
    printDiff(io, places.base, plan.changes);
    if (options.dryRun) {
      io.stdout.write(`${say(io.lang, "install.dryRunDone")}\n`);
      return;
    }
    await applyUninstall(places, plan.changes, write);
    for (const { path, outcome } of plan.outcomes)
      io.stdout.write(`${path}: ${say(io.lang, `uninstall.${outcome}`)}\n`);
    const records = dirname(places.backupDir);
    if (basename(records) === ".aegis" && existsSync(records))
      io.stdout.write(`${say(io.lang, "uninstall.records", { dir: records })}\n`);
    return;
  }
  const elsewhere = others.find((places) => existsSync(manifestPath(places)));
  if (elsewhere)
    throw new CliFailure(say(io.lang, "uninstall.nothing"), {
      next: say(io.lang, `uninstall.elsewhere.${elsewhere.scope}`, { record: manifestPath(elsewhere) }),
    });
  io.stdout.write(`${say(io.lang, "uninstall.nothing")}\n`);
}
