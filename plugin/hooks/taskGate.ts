import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { z } from "zod";
import { HELPERS } from "../../src/core/roles.ts";
import type { Refusal } from "../../src/core/workflow/refusal.ts";
import { refusal } from "../../src/core/workflow/refusal.ts";
import type { SwarmServices } from "../../src/runtime/services.ts";
import { landingPath } from "./writtenPaths.ts";

const taskArgs = z.looseObject({
  subagent_type: z.string(),
  prompt: z.string().optional(),
  task_id: z.string().optional(),
});

/** What the host takes for a file in a prompt: `@` not behind a word or a backquote, then a name. */
const FILE_REFERENCE = /(?<![\w`])@(\.?[^\s`,.]*(?:\.[^\s`,.]+)*)/gu;

/** Judges a call of the host's `task` tool: only helpers, only with what the project holds, only in sessions of one's own. */
export async function judgeTask(services: SwarmServices, session: string, args: unknown): Promise<Refusal | undefined> {
  const parsed = taskArgs.safeParse(args);
  const allowed = HELPERS.map((role) => services.agents[role]);
  if (!parsed.success || !allowed.includes(parsed.data.subagent_type)) {
    return refusal(
      "helper-unknown",
      `task starts ${allowed.join(" or ")} only.`,
      "name one of them in subagent_type; Workers are started with dispatch_workers.",
    );
  }
  const { prompt, task_id } = parsed.data;
  return (await foreignSession(services, session, task_id)) ?? (await foreignFile(services, prompt ?? ""));
}

/** `task_id` goes on with a session that exists, any session: it has to be a helper that this session started. */
async function foreignSession(
  services: SwarmServices,
  session: string,
  resumed: string | undefined,
): Promise<Refusal | undefined> {
  if (resumed === undefined || resumed === "") return undefined;
  const info = await services.sessions.info(resumed);
  if (!info) return undefined;
  const isHelper = HELPERS.some((role) => services.agents[role] === info.agent);
  if (info.parent === session && isHelper) return undefined;
  return refusal(
    "helper-foreign",
    `task_id ${resumed} is no helper that this session started.`,
    "leave task_id out to start a fresh helper.",
  );
}

/** The host reads files named in a helper's prompt without asking anybody. */
async function foreignFile(services: SwarmServices, prompt: string): Promise<Refusal | undefined> {
  for (const [, name = ""] of prompt.matchAll(FILE_REFERENCE)) {
    if (name === "") continue;
    const full = name.startsWith("~/") ? path.join(homedir(), name.slice(2)) : path.resolve(services.projectDir, name);
    const exists = await stat(full).catch(() => undefined);
    if (!exists) continue;
    const landed = landingPath(services.projectDir, services.projectDir, full);
    if (landed !== undefined && !isSecret(landed)) continue;
    return refusal(
      "outside-project",
      `the helper's prompt names @${name}, which is ${landed === undefined ? "outside the project" : "a file of secrets"}.`,
      "name files of the project, or leave out the @.",
    );
  }
  return undefined;
}

function isSecret(file: string): boolean {
  const name = path.basename(file);
  return /\.env(?:\..*)?$/u.test(name) && name !== ".env.example";
}
