import type { CommanderTrouble, Swarm } from "./state.ts";

/** Without what went wrong between the Commander and the model. */
export function unstopped(state: Swarm): Swarm {
  const { stopped: _stopped, commanderTrouble: _trouble, ...rest } = state;
  return rest;
}

/** With a change of it; the first one begins its counts. */
export function troubled(
  state: Swarm,
  change: { [K in keyof CommanderTrouble]?: CommanderTrouble[K] | undefined },
): Swarm {
  if (!state.commanderTrouble && Object.values(change).every((value) => value === undefined)) return state;
  const merged = { takeUps: 0, cuts: 0, ...state.commanderTrouble, ...change };
  const { untold, waiting, takeUps = 0, cuts = 0 } = merged;
  return {
    ...state,
    commanderTrouble: {
      takeUps,
      cuts,
      ...(untold === undefined ? {} : { untold }),
      ...(waiting === undefined ? {} : { waiting }),
    },
  };
}
