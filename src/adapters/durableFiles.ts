import { open } from "node:fs/promises";

/** Writes a new file that only its owner reads; it is on the disk when this ends. @throws EEXIST where it is there already */
export async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Puts on the disk which names a directory has: a new file's own bytes being there is not enough after a power cut. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
