import { z } from "zod";
import { redact } from "../redact.ts";

const shown = z.looseObject({
  filePath: z.string().optional(),
  command: z.string().optional(),
  pattern: z.string().optional(),
  description: z.string().optional(),
});

/** What a tool call does, as one short phrase: "edit src/a.ts". Secrets in it are masked before it is cut. */
export function callWords(tool: string, args: unknown): string {
  const parsed = shown.safeParse(args);
  const detail = parsed.success
    ? (parsed.data.filePath ?? parsed.data.command ?? parsed.data.pattern ?? parsed.data.description ?? "")
    : "";
  return redact(`${tool} ${detail.split("\n")[0] ?? ""}`.trim()).slice(0, 60);
}
