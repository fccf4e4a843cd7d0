import { accessSync, constants } from "node:fs";
import path from "node:path";
import { presentSettings, writeUserSettings } from "../src/adapters/config/userSettings.ts";
import { policySettings } from "../src/config/policySettings.ts";
import { configHome } from "../src/config/read.ts";
import type { Config } from "../src/config/schema.ts";
import type { FusionCommand } from "../src/core/routing/keywords.ts";
import { makePolicy } from "../src/core/routing/policy.ts";
import { LOCAL } from "../src/core/routing/providers.ts";
import { fusionSetup, MEANS, type ProviderMeans } from "../src/core/routing/setup.ts";
import type { SwarmServices } from "../src/runtime/services.ts";

export interface FusionPlace {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** Names of the providers in OpenCode's configuration. */
  hosts(): readonly string[];
}

/** Carries out `/fusion-setup`, `/fusion-default-on` and `/fusion-default-off`. @returns what the person is told. */
export async function fusionCommand(
  command: Exclude<FusionCommand, "cancel-autopilot">,
  config: Config,
  routing: Pick<SwarmServices["routing"], "setDefault">,
  place: FusionPlace,
): Promise<string> {
  const file = path.join(configHome(place.env, place.home), "oh-my-qwencoder", "aegis.jsonc");
  if (command !== "fusion-setup") {
    const on = command === "fusion-default-on";
    await writeUserSettings(file, [{ path: ["fusionDefault"], value: on }]);
    await routing.setDefault(on);
    const holds = on ? 'every session begins in the mode "always"' : "no session begins in a mode";
    return `fusionDefault is ${on} in ${file}: ${holds} from now on.`;
  }
  const policy = makePolicy(policySettings(config));
  const hosts = place.hosts();
  const means = [...policy.providers.values()]
    .filter(({ id }) => id !== LOCAL)
    .map(({ id, hostProvider }): ProviderMeans => {
      const { programs = [], keys = [] } = MEANS[id] ?? {};
      return {
        id,
        program: programs.find((name) => isProgram(name, place.env.PATH ?? "")),
        key: keys.find((name) => (place.env[name] ?? "") !== ""),
        host: hosts.includes(hostProvider),
      };
    });
  const { lines, write } = fusionSetup(policy, means, await presentSettings(file, "routing"));
  if (write.length > 0) {
    await writeUserSettings(file, write);
    lines.push(`In ${file}. Restart OpenCode for it to hold.`);
  }
  return lines.join("\n");
}

function isProgram(name: string, search: string): boolean {
  return search.split(path.delimiter).some((dir) => {
    try {
      accessSync(path.join(dir, name), constants.X_OK);
      return dir !== "";
    } catch {
      // Not there or not ours to run: the next directory.
      return false;
    }
  });
}
