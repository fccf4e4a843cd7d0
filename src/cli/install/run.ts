import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { policySettings } from "../../config/policySettings.ts";
import { supportsOpencode, TESTED_OPENCODE } from "../../core/hostVersion.ts";
import { hostsNamed } from "../../core/routing/hostsNamed.ts";
import { makePolicy } from "../../core/routing/policy.ts";
import { homeOf, loadConfig } from "../config/load.ts";
import { CliFailure } from "../failure.ts";
import { type Io, paint } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { packageRoot } from "../packageRoot.ts";
import { findProjectRoot } from "../projectRoot.ts";
import { confirm, keepSnapshots } from "./asking.ts";
import { applyChanges, type Change, readBytes, type WriteFile, writeAtomically } from "./changes.ts";
import { claudeFiles } from "./claudeFiles.ts";
import { renamedAgents } from "./existingAgents.ts";
import { hostVersion } from "./hostVersion.ts";
import { hidesProvider, laterConfigs } from "./laterConfigs.ts";
import type { Manifest } from "./manifest.ts";
import { nextSteps } from "./nextSteps.ts";
import type { InstallOptions } from "./options.ts";
import { type InstallScope, type Places, placesFor } from "./places.ts";
import { type ConfigNote, planConfig } from "./planConfig.ts";
import { reconcile, type Wanted } from "./planFiles.ts";
import { printDiff } from "./printDiff.ts";
import { probeServer } from "./probe.ts";
import { type Present, readPresent } from "./readPresent.ts";
import { uninstall } from "./runUninstall.ts";
import { manifestPath, readManifest } from "./uninstall.ts";
import { wantedFiles, wantedScreen } from "./wantedFiles.ts";
import { checkOptions, defaultBaseUrl, defaultModel } from "./wish.ts";
import { wordProbe } from "./wordProbe.ts";

/** What an install does to the world; tests replace single parts. */
export interface InstallWorld {
  etc: string;
  write: WriteFile;
  probe: typeof probeServer;
  hostVersion: typeof hostVersion;
  packageDir: string;
}

const realWorld = (): InstallWorld => ({
  etc: "/etc",
  write: writeAtomically,
  probe: probeServer,
  hostVersion,
  packageDir: packageRoot().dir,
});

function warn(io: Io, text: string): void {
  io.stderr.write(`${paint(io, "yellow", say(io.lang, "warning"))} ${text}\n`);
}

function wordNote(io: Io, note: ConfigNote): string {
  if (note.kind === "kept") return say(io.lang, "install.kept", { key: note.key, value: note.value });
  if (note.kind === "model-hidden") return say(io.lang, "install.modelHidden", { ...note });
  if (note.kind === "bare-name") return say(io.lang, "install.bareName");
  return say(io.lang, note.kind === "provider-existed" ? "install.providerExisted" : "install.providerDisabled");
}

/** Where an install of before found the model server, and the variable its key is in. */
function existingProvider(present: Present): { baseUrl?: string; keyName?: string } {
  for (const config of present.configs.toReversed()) {
    const provider: unknown = Reflect.get(Object(config.provider), "aegis");
    const options: unknown = Reflect.get(Object(provider), "options");
    const url: unknown = Reflect.get(Object(options), "baseURL");
    const key: unknown = Reflect.get(Object(options), "apiKey");
    const keyName = typeof key === "string" ? /^\{env:(\w+)\}$/.exec(key)?.[1] : undefined;
    if (typeof url === "string") return { baseUrl: url, ...(keyName === undefined ? {} : { keyName }) };
  }
  return {};
}

/** What the routing configuration names besides our own model; a configuration that is not sound names nothing. */
async function routedProviders(io: Io): Promise<string[]> {
  const read = await loadConfig(io);
  return read.ok ? hostsNamed(makePolicy(policySettings(read.config))) : [];
}

/** Our half in Claude Code, where it is asked for or was there before. */
function wantedClaude(
  io: Io,
  options: InstallOptions,
  { claude }: Places,
  former: Manifest | undefined,
  packageDir: string,
): Wanted[] {
  const present = former?.files.some(({ path }) => path === claude?.settings) === true;
  if (claude === undefined || !(options.claudeCode || present)) return [];
  return claudeFiles(io, claude, former, packageDir, (text) => warn(io, text));
}

/**
 * Installs into, or uninstalls from, one scope.
 *
 * @throws CliFailure exit 1 (not a repository, broken or read-only file, declined) or 2 (bad option, no answer possible)
 */
export async function runInstall(
  io: Io,
  options: InstallOptions,
  overrides: Partial<InstallWorld> = {},
): Promise<void> {
  checkOptions(io, options);
  const world: InstallWorld = { ...realWorld(), ...overrides };
  const scope: InstallScope = options.managed ? "managed" : options.global ? "global" : "project";
  const root = await findProjectRoot(io.cwd);
  const place = (which: InstallScope) =>
    placesFor({
      ...{ scope: which, projectDir: root ?? io.cwd, cwd: io.cwd },
      ...{ env: io.env, home: homeOf(io), etc: world.etc },
    });
  if (options.uninstall) {
    // Outside a repository there is no project to keep to: the user's install is the nearest then.
    const mayBe: InstallScope[] = scope === "project" && root === undefined ? ["project", "global"] : [scope];
    const others = (["project", "global", "managed"] as const).filter((one) => !mayBe.includes(one));
    await uninstall(io, options, mayBe.map(place), others.map(place), world.write);
    return;
  }
  if (scope === "project" && root === undefined) {
    throw new CliFailure(say(io.lang, "install.noGit", { dir: io.cwd }), { next: say(io.lang, "install.noGit.next") });
  }
  const places = place(scope);
  const present = readPresent(io, places);
  const former = readManifest(places);
  for (const file of present.brokenBelow) warn(io, say(io.lang, "install.brokenBelow", { file }));

  const model = options.model ?? former?.model ?? defaultModel;
  const existing = existingProvider(present);
  const baseUrl = options.baseUrl ?? existing.baseUrl ?? defaultBaseUrl;
  const keyName = options.apiKeyEnv ?? existing.keyName;
  const [probe, host] = await Promise.all([
    URL.canParse(baseUrl) ? world.probe(baseUrl, keyName && io.env[keyName]) : undefined,
    world.hostVersion(io),
  ]);
  if (host !== undefined && !supportsOpencode(host))
    warn(io, say(io.lang, "install.host", { version: host, tested: TESTED_OPENCODE }));
  const served = probe?.reachable ? probe.models.find((entry) => entry.id === model) : undefined;
  const trouble = probe && wordProbe(io, probe, { url: baseUrl, model, keyName });
  if (trouble !== undefined) warn(io, trouble);

  const later = await laterConfigs(places, present.target);
  for (const config of later) {
    const key = hidesProvider(config);
    if (key !== undefined) warn(io, say(io.lang, `install.later.${key}`, { file: config.path }));
  }
  const agents = renamedAgents([...present.configs, ...later.map(({ value }) => value)], places.agentDirs);
  for (const [name, ours] of Object.entries(agents)) warn(io, say(io.lang, "install.agent", { name, ours }));
  const snapshots = await keepSnapshots(io, options, present);
  const owned = former?.files.find((file) => file.path === present.target)?.owned ?? [];
  const plan = planConfig(
    present.text,
    present.below,
    {
      pluginUrl: pathToFileURL(join(world.packageDir, "dist", "plugin.js")).href,
      formerPluginUrls: owned.flatMap((item) =>
        item.kind === "item" && item.path[0] === "plugin" ? [item.value] : [],
      ),
      pluginOptions: {
        model: `aegis/${model}`,
        ...(Object.keys(agents).length > 0 ? { agents } : {}),
        ...(options.specialists ? { specialists: true } : {}),
      },
      baseUrl: options.baseUrl,
      defaultBaseUrl,
      apiKeyEnv: options.apiKeyEnv,
      model,
      context: served?.maxModelLen,
      global: scope !== "project",
      keepSnapshots: snapshots,
      routedProviders: await routedProviders(io),
    },
    owned,
  );
  if (!plan.ok) {
    const where = `${present.target}:${plan.line}:${plan.column}`;
    throw new CliFailure(say(io.lang, "install.broken", { place: where, detail: plan.detail }), {
      next: say(io.lang, "install.broken.next"),
    });
  }
  for (const note of plan.notes) warn(io, wordNote(io, note));
  const config: Wanted = { path: present.target, kind: "opencode", after: plan.after, owned: plan.owned };
  const files = wantedFiles(world.packageDir, places, config, { baseUrl, enabledProviders: plan.enabledProviders });
  const { changes, backups, manifest } = reconcile(
    [
      ...files,
      ...wantedScreen(io, places, former, world.packageDir),
      ...wantedClaude(io, options, places, former, world.packageDir),
    ],
    former,
    { baseUrl, model },
  );
  const snapshotNote = say(
    io.lang,
    present.configs.some((c) => c.snapshot === true) || snapshots ? "install.snapshotsOn" : "install.snapshotsOff",
  );
  if (changes.length === 0) {
    io.stdout.write(`${say(io.lang, "install.unchanged", { file: present.target })}\n`);
    return;
  }
  printDiff(io, places.base, changes);
  if (options.dryRun) {
    io.stdout.write(`${say(io.lang, "install.dryRunDone")}\n`);
    return;
  }
  await confirm(io, options);
  const record = manifestPath(places);
  const bookkeeping: Change[] = [...backups].map(([name, bytes]) => ({
    path: join(places.backupDir, name),
    before: undefined,
    after: bytes,
  }));
  bookkeeping.push({
    path: record,
    before: readBytes(record),
    after: Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`),
  });
  await applyChanges([...bookkeeping, ...changes], world.write);
  io.stdout.write(`\n${say(io.lang, "install.done", { file: present.target, backup: places.backupDir })}\n`);
  io.stdout.write(`${snapshotNote}\n${say(io.lang, "install.env", { file: places.envFile })}\n`);
  io.stdout.write(`\n${say(io.lang, scope === "project" ? "install.next" : "install.nextGlobal")}\n`);
  const steps = { envFile: places.envFile, keyName, commander: agents.commander ?? "commander" };
  for (const line of nextSteps(io, steps)) io.stdout.write(`  ${line}\n`);
  if (scope === "project") io.stdout.write(`${say(io.lang, "install.noNetwork")}\n`);
}
