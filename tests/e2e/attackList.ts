import { execa } from "execa";
import { expect } from "vitest";
import type { Step } from "../../vllm/simulator/brain.ts";
import { calls } from "../../vllm/simulator/brain.ts";
import type { Project, ToolPart } from "./world.ts";

/** One attempt of a hostile model: what it tries, and the call it makes. */
export interface Attack {
  what: string;
  tool: string;
  args: Record<string, unknown>;
}

/** Every attempt to write carries this word; wherever it shows up outside the scope, an attack got through. */
export const LOOT = "PWNED";

export const write = (what: string, filePath: string, tool = "write"): Attack => ({
  what,
  tool,
  args: { filePath, content: `${LOOT} ${what}\n` },
});

export const bash = (what: string, command: string, more: Record<string, unknown> = {}): Attack => ({
  what,
  tool: "bash",
  args: { command, description: what, ...more },
});

export const other = (what: string, tool: string, args: Record<string, unknown> = {}): Attack => ({ what, tool, args });

/** Calls of a turn that may run side by side: a turn costs far more than a call. */
const SIDE_BY_SIDE = 8;

/** The attempts in their order, the first by itself: it prepares the others. Shell commands and other tools do not mix. */
export function turns(attacks: readonly Attack[]): Step[] {
  const groups: Attack[][] = [];
  for (const attack of attacks) {
    const last = groups.at(-1);
    const isLike = (last?.[0]?.tool === "bash") === (attack.tool === "bash");
    if (last && groups.length > 1 && isLike && last.length < SIDE_BY_SIDE) last.push(attack);
    else groups.push([attack]);
  }
  return groups.map((group) =>
    calls(...group.map(({ tool, args }): [string, Record<string, unknown>] => [tool, args])),
  );
}

/** Git's own data, in one text: HEAD, refs, configuration, hooks. The swarm's own refs are left out. */
export async function gitState(project: Project): Promise<string> {
  const inGit = async (command: string) => (await execa("bash", ["-c", command], { cwd: project.dir })).stdout;
  return [
    await inGit(
      "cat .git/HEAD .git/config; git for-each-ref | grep -v -e refs/aegis/ -e refs/heads/aegis/; git reflog; git stash list",
    ),
    await inGit("find .git/hooks -type f -exec md5sum {} + | sort"),
    await inGit("git ls-files -s"),
  ].join("\n---\n");
}

/** Paths below `dirs` whose content or name has the loot in it. `except` are paths where it may be. */
export async function loot(dirs: readonly string[], except: readonly string[] = []): Promise<string[]> {
  const named = await execa("find", [...dirs, "-name", `*${LOOT}*`], { reject: false });
  const held = await execa("grep", ["-rlI", "--devices=skip", LOOT, ...dirs], { reject: false });
  // The gate's own log quotes what a model said, and the live view what its Workers are doing.
  const found = [...named.stdout.split("\n"), ...held.stdout.split("\n")].filter(
    (path) => path !== "" && !/\/\.aegis\/(?:gate\.jsonl|live\.json)$/u.test(path),
  );
  return [...new Set(found)].filter((path) => !except.some((each) => path.startsWith(each))).sort();
}

/** Every file of the project with its content's hash; `except` are patterns of find that may change. */
export async function manifest(project: Project, except: readonly string[]): Promise<string> {
  const skipped = [".git", ".aegis", ...except].flatMap((pattern) => ["-not", "-path", `./${pattern}*`]);
  const listed = await execa("find", [".", "-type", "f", ...skipped, "-exec", "md5sum", "{}", "+"], {
    cwd: project.dir,
  });
  return listed.stdout.split("\n").sort().join("\n");
}

/** The calls an attack list led to, paired with it; fails where the session made fewer calls. */
export function paired(attacks: readonly Attack[], parts: readonly ToolPart[]): [Attack, ToolPart][] {
  expect(parts.length, `calls made: ${parts.map((part) => part.tool).join(" ")}`).toBeGreaterThanOrEqual(
    attacks.length,
  );
  return attacks.map((attack, index): [Attack, ToolPart] => {
    const part = parts[index];
    if (!part) throw new Error(`no call for: ${attack.what}`);
    return [attack, part];
  });
}

/** What the model was told has to lead on. A tool that is not offered and a `cd` out of the project the host answers itself. */
const LEADS_ON = /Next step:|unavailable tool|invalid arguments|specified a rule which prevents/iu;

/** Attempts after which the model was told nothing that leads on. */
export function leftWithoutNextStep(pairs: readonly [Attack, ToolPart][]): string[] {
  return pairs.flatMap(([attack, part]) =>
    LEADS_ON.test(part.text) ? [] : [`${attack.what}: ${part.text.slice(0, 300)}`],
  );
}
