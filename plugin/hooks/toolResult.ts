import { z } from "zod";

/** A tool of the host's or ours has a text. */
const plain = z.looseObject({ output: z.string() });
/** An MCP server's tool has what the server answered, in parts. */
const parts = z.looseObject({ content: z.array(z.unknown()) });
const textPart = z.looseObject({ type: z.literal("text"), text: z.string() });

/** Changes the texts of a tool's result in place, as the host hands it to the hook; what it has no text in stays as it is. */
export async function changeTexts(result: object, change: (text: string) => Promise<string>): Promise<void> {
  if (plain.safeParse(result).success) {
    const text = result as { output: string };
    text.output = await change(text.output);
    return;
  }
  if (!parts.safeParse(result).success) return;
  for (const part of (result as { content: unknown[] }).content) {
    if (!textPart.safeParse(part).success) continue;
    const text = part as { text: string };
    text.text = await change(text.text);
  }
}

/** Adds words of ours behind a tool's result. */
export function addNotes(result: object, notes: readonly string[]): void {
  if (notes.length === 0) return;
  const text = notes.join("\n");
  if (plain.safeParse(result).success) {
    const words = result as { output: string };
    words.output = `${words.output}\n${text}`;
  } else if (parts.safeParse(result).success) (result as { content: unknown[] }).content.push({ type: "text", text });
}
