import type { Git, ProjectHook } from "../../ports/git.ts";
import type { Sandbox } from "../../ports/sandbox.ts";
import { inCheckout, type QaPlace, type QaSandboxBase } from "./qaPlace.ts";

export interface HookRequest {
  git: Git;
  sandbox: Sandbox;
  /** Absolute path of the worktree root. */
  projectDir: string;
  /** The tree about to be committed. */
  tree: string;
  message: string;
  signal?: AbortSignal | undefined;
  /** Default HOOK_TIMEOUT_MS. */
  timeoutMs?: number | undefined;
  sandboxSpecBase: QaSandboxBase;
}

export type HookVerdict =
  | { allowed: true /** As `commit-msg` left it. */; message: string; ran: string[] }
  | { allowed: false; hook: string /** What happened and what to do next. */; reason: string; output: string };

/** A pre-commit hook often runs the linter and the tests: as long as a test check may take. */
const HOOK_TIMEOUT_MS = 15 * 60_000;

/**
 * Runs the project's `pre-commit` and `commit-msg` hooks as `git commit` would, in the sandbox, on a checkout of exactly the
 * tree to commit. Call it before `git.commit`, with the message it gives back.
 *
 * A hook that rewrites files is a refusal: what it made was not tested.
 * @throws what git and the sandbox throw: a hook that cannot be run has not agreed.
 */
export async function runProjectHooks(request: HookRequest): Promise<HookVerdict> {
  const { git, tree, projectDir, sandboxSpecBase } = request;
  const hooks = await git.hooks();
  if (hooks.length === 0) return { allowed: true, message: request.message, ran: [] };
  return git.withCheckout(tree, async (dir, inside) => {
    const place = inCheckout(inside, dir, projectDir, sandboxSpecBase);
    let message = request.message;
    for (const hook of hooks) {
      const wanted = hook.name === "commit-msg";
      const result = await git.withMessageFile(message, (file) =>
        runHook(request, place, hook, wanted ? file : undefined),
      );
      if (result.value !== undefined) return result.value;
      if (wanted) message = result.message;
    }
    const changed = (await inside.changed(tree, await inside.snapshot())).map((change) => change.path);
    if (changed.length === 0) return { allowed: true, message, ran: hooks.map((hook) => hook.name) };
    const names = hooks.map((hook) => hook.name).join(" or ");
    const reason = `the project's ${names} hook rewrites files that QA tested otherwise: ${changed.join(", ")}. Make the same change in the project (run its formatter), run QA, then commit again.`;
    return {
      allowed: false,
      hook: names,
      reason,
      output: await inside.diff(tree, await inside.snapshot(), changed, 10_000),
    };
  });
}

/** @returns a refusal, or undefined where the hook agrees. */
async function runHook(
  { sandbox, signal, timeoutMs = HOOK_TIMEOUT_MS }: HookRequest,
  place: QaPlace,
  hook: ProjectHook,
  messageFile: string | undefined,
): Promise<HookVerdict | undefined> {
  const hookDir = hook.file.slice(0, hook.file.lastIndexOf("/"));
  const binds = [...place.binds, { from: hookDir, to: hookDir }];
  if (messageFile !== undefined) {
    const dir = messageFile.slice(0, messageFile.lastIndexOf("/"));
    binds.push({ from: dir, to: dir, write: true });
  }
  const run = await sandbox.run(place.spec, [hook.file, ...(messageFile === undefined ? [] : [messageFile])], {
    cwd: place.dir,
    timeoutMs,
    // git gives a hook no editor to wait in when a program commits.
    env: { ...place.env, GIT_EDITOR: ":" },
    binds,
    ...(signal === undefined ? {} : { signal }),
  });
  if (run.exitCode === 0 && !run.timedOut && !run.aborted) return undefined;
  const what = run.aborted
    ? "was stopped"
    : run.timedOut
      ? `ran longer than ${Math.round(timeoutMs / 1000)} s`
      : `ended with ${run.exitCode ?? "a signal"}`;
  const reason = `the project's ${hook.name} hook ${what}; nothing was committed. Mend what it names, run QA, then commit again.`;
  return { allowed: false, hook: hook.name, reason, output: run.output };
}
