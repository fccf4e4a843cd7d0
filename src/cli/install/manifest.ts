import { createHash } from "node:crypto";
import { z } from "zod";

const owned = z.discriminatedUnion("kind", [
  /** A property we wrote; taken out again whatever its value where it is ours alone (provider), else only if unchanged. */
  z.object({ kind: z.literal("value"), path: z.array(z.string()), value: z.json(), always: z.boolean().optional() }),
  /** An item we put into a list, known by its text (for a plugin entry: its file URL). */
  z.object({ kind: z.literal("item"), path: z.array(z.string()), value: z.string() }),
  /** A container we made; taken out when it is empty. */
  z.object({ kind: z.literal("container"), path: z.array(z.string()) }),
]);

const installedFile = z.object({
  path: z.string(),
  kind: z.enum(["opencode", "gitignore", "own"]),
  /** SHA-256 of the bytes before the first install; null where there was no file. */
  before: z.string().nullable(),
  /** SHA-256 of the bytes we left. */
  after: z.string(),
  /** File name of the copy in the backup directory. */
  backup: z.string().optional(),
  /** False once the person edited between two installs: then no copy is the right one and only our entries go. */
  intact: z.boolean(),
  owned: z.array(owned),
});

/** What an install did, enough to undo it. */
export const manifestSchema = z.object({
  version: z.literal(1),
  baseUrl: z.string(),
  model: z.string(),
  files: z.array(installedFile),
});

export type Owned = z.infer<typeof owned>;
export type InstalledFile = z.infer<typeof installedFile>;
export type Manifest = z.infer<typeof manifestSchema>;

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
