import { UNATTENDED } from "../../core/unattended.ts";

/** What OpenCode would ask other hosts for by itself, switched off. */
export const QUIET_OPENCODE = {
  OPENCODE_DISABLE_AUTOUPDATE: "1",
  OPENCODE_DISABLE_MODELS_FETCH: "1",
  OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
  OPENCODE_DISABLE_SHARE: "1",
};

/** And what tells our plugin in it that it works for nobody at a screen. */
export const UNATTENDED_OPENCODE = { ...QUIET_OPENCODE, [UNATTENDED]: "1" };

/** What OpenCode asks a person about: refused where nobody is there to answer, so that a session never waits for ever. */
export const NOBODY_THERE = ["external_directory", "doom_loop", "question"] as const;
