import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { CliFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { readBytes } from "./changes.ts";
import { envFileText, needsNoCatalogue } from "./envFile.ts";
import type { Manifest } from "./manifest.ts";
import type { Places } from "./places.ts";
import { gitignoreWith, provisionFiles, type Wanted } from "./planFiles.ts";
import { planTui } from "./planTui.ts";

/** The sidebar in OpenCode's own screen. @throws CliFailure where its file cannot be read; nothing is changed then */
export function wantedScreen(io: Io, places: Places, former: Manifest | undefined, packageDir: string): Wanted[] {
  const path = places.screens.findLast((file) => existsSync(file)) ?? places.screens[0];
  if (path === undefined) return [];
  const url = pathToFileURL(join(packageDir, "dist", "tui.js")).href;
  const owned = former?.files.find((file) => file.path === path)?.owned ?? [];
  const plan = planTui(readBytes(path)?.toString("utf8"), url, owned);
  if (plan.ok) return [{ path, kind: "opencode", after: plan.after, owned: plan.owned }];
  const place = `${path}:${plan.line}:${plan.column}`;
  throw new CliFailure(say(io.lang, "install.broken", { place, detail: plan.detail }), {
    next: say(io.lang, "install.broken.next"),
  });
}

/** Files of ours in a scope: OpenCode's configuration as planned, .gitignore, env.sh, aegis.jsonc, and what OpenCode would fetch. */
export function wantedFiles(
  packageDir: string,
  places: Places,
  config: Wanted,
  about: { baseUrl: string; enabledProviders: readonly string[] },
): Wanted[] {
  const own = (path: string, after: string): Wanted => ({ path, kind: "own", after, owned: [] });
  const template = (name: string) => readFileSync(join(packageDir, "templates", "install", name), "utf8");
  const files: Wanted[] = [config];
  if (places.gitignore !== undefined) {
    const raw = readBytes(places.gitignore)?.toString("utf8");
    const { after, added } = gitignoreWith(raw);
    if (added)
      files.push({
        path: places.gitignore,
        kind: "gitignore",
        after,
        owned: [{ kind: "item", path: [], value: ".aegis/" }],
      });
  }
  const modelsFile = needsNoCatalogue(about.enabledProviders) ? places.modelsFile : undefined;
  if (modelsFile !== undefined) files.push(own(modelsFile, "{}\n"));
  files.push(
    own(
      places.envFile,
      envFileText({
        template: template("env.sh"),
        path: relative(places.base, places.envFile),
        scope: places.scope,
        modelsFile,
        screenFile: places.scope === "managed" ? places.screens[0] : undefined,
        ...about,
      }),
    ),
  );
  if (!existsSync(places.aegisFile)) {
    const schema = pathToFileURL(join(packageDir, "aegis.schema.json")).href;
    files.push(
      own(
        places.aegisFile,
        template("aegis.jsonc").replace("__SCHEMA__", () => schema),
      ),
    );
  }
  files.push(...places.provision.flatMap(provisionFiles));
  return files;
}
