import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type FusionState, fusionStateSchema, NO_FUSION_STATE } from "../../core/routing/fusionState.ts";
import { type LimitWindow, limitWindowSchema } from "../../core/routing/limits/window.ts";
import { hasCode } from "../../ports/thrown.ts";
import { writeDurably } from "../durableFiles.ts";

/** A state file that is there and cannot be used. */
export class RoutingStateError extends Error {
  override readonly name = "RoutingStateError";
  readonly path: string;

  constructor(path: string, reason: string) {
    super(`${path} cannot be used: ${reason}. Remove it; limits are read again, and modes can be switched again.`);
    this.path = path;
  }
}

const limitsFile = z.object({ windows: z.array(limitWindowSchema) });

/** Limits and what was switched, as files under the user's state directory; written atomically, so they survive a crash. */
export class RoutingState {
  private readonly dir: string;

  /** @param dir the product's state directory; need not exist. */
  constructor(dir: string) {
    this.dir = dir;
  }

  /** @throws RoutingStateError where the file is there and is not ours. */
  async limits(): Promise<LimitWindow[]> {
    return (await this.read("limits.json", limitsFile))?.windows ?? [];
  }

  async saveLimits(windows: readonly LimitWindow[]): Promise<void> {
    await this.write("limits.json", { windows });
  }

  /** @throws RoutingStateError where the file is there and is not ours. */
  async fusion(): Promise<FusionState> {
    return (await this.read("fusion.json", fusionStateSchema)) ?? NO_FUSION_STATE;
  }

  async saveFusion(state: FusionState): Promise<void> {
    await this.write("fusion.json", state);
  }

  private async read<T>(name: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const path = join(this.dir, name);
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw error;
    }
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      if (error instanceof SyntaxError) throw new RoutingStateError(path, error.message);
      throw error;
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw new RoutingStateError(path, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not as expected"}`);
  }

  private async write(name: string, value: unknown): Promise<void> {
    await mkdir(this.dir, { recursive: true });
    const path = join(this.dir, name);
    // Not write-file-atomic: it wants `__filename`, which the plugin's bundle has not in OpenCode's Bun.
    const draft = `${path}.${randomBytes(6).toString("hex")}`;
    try {
      await writeDurably(draft, `${JSON.stringify(value, null, 2)}\n`);
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }
}
