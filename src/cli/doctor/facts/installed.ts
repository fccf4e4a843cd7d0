import { homeOf } from "../../config/load.ts";
import { placesFor } from "../../install/places.ts";
import { readPresent } from "../../install/readPresent.ts";
import type { Io } from "../../io.ts";
import type { MergedConfig } from "./mergedConfig.ts";

/** Where installs put their things, the machine's first. */
export function allPlaces(io: Io, projectDir: string | undefined) {
  return (["managed", "project", "global"] as const).flatMap((scope) =>
    scope === "project" && projectDir === undefined
      ? []
      : [placesFor({ scope, projectDir, cwd: io.cwd, env: io.env, home: homeOf(io), etc: "/etc" })],
  );
}

/**
 * A provider's key as the files give it, `{env:NAME}` looked up: `opencode debug config` prints stars in its place.
 * Files that cannot be parsed are passed over; another check names them.
 */
export function apiKeyOf(io: Io, projectDir: string | undefined, provider: string): string | undefined {
  for (const places of allPlaces(io, projectDir)) {
    const key = readKey(io, places, provider);
    if (key === undefined) continue;
    const variable = /^\{env:(\w+)\}$/.exec(key)?.[1];
    return variable === undefined ? key : io.env[variable];
  }
  return undefined;
}

function readKey(io: Io, places: ReturnType<typeof placesFor>, provider: string): string | undefined {
  for (const config of readPresent(io, places).configs.toReversed()) {
    const options: unknown = Reflect.get(Object(Reflect.get(Object(config.provider), provider)), "options");
    const key: unknown = Reflect.get(Object(options), "apiKey");
    if (typeof key === "string") return key;
  }
  return undefined;
}

/** Tokens of context OpenCode is told the model has. */
export function declaredContext(merged: MergedConfig, provider: string, model: string): number | undefined {
  const entry: unknown = Reflect.get(Object(merged.provider?.[provider]?.models), model);
  const context: unknown = Reflect.get(Object(Reflect.get(Object(entry), "limit")), "context");
  return typeof context === "number" ? context : undefined;
}
