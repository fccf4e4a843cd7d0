import type { Git } from "../../ports/git.ts";
import type { SandboxSpec } from "../../ports/sandbox.ts";

/** What the caller decides about the sandbox of QA and hooks; the rest follows from where they run. */
export type QaSandboxBase = Pick<SandboxSpec, "privateId" | "except">;

/** Where checks run: the project itself, or a checkout of exactly the tree in question. */
export interface QaPlace {
  dir: string;
  git: Git;
  spec: SandboxSpec;
  env: Record<string, string>;
  /** What a sandbox with a /tmp of its own would hide. */
  binds: { from: string; to: string; write?: boolean }[];
}

/** `CI` makes test runners run once and ask nothing; colours would only cost context. */
const QA_ENV = { CI: "1", NO_COLOR: "1", FORCE_COLOR: "0" };

function specOf(dir: string, base: QaSandboxBase): SandboxSpec {
  return { ...base, role: "qa", projectDir: dir, scope: ["**"] };
}

export function inProject(git: Git, projectDir: string, base: QaSandboxBase): QaPlace {
  return { dir: projectDir, git, spec: specOf(projectDir, base), env: QA_ENV, binds: [] };
}

export function inCheckout(git: Git, dir: string, projectDir: string, base: QaSandboxBase): QaPlace {
  // An editable install in a linked virtual environment points at the project; these come before it.
  const env = { ...QA_ENV, PYTHONPATH: `${dir}:${dir}/src` };
  // Linked dependencies and borrowed objects lie in the project: to be read, never written.
  return { dir, git, spec: specOf(dir, base), env, binds: [{ from: projectDir, to: projectDir }] };
}
