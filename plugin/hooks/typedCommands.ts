interface TextPart {
  type: string;
  text?: string;
}

/**
 * What a person typed for a slash command. Its template, which any repository may define, reaches the chat as if it were
 * the person's message: only the words they typed may count as theirs.
 */
export class TypedCommands {
  private readonly pending = new Map<string, { template: string; typed: string }>();

  /** @param typed what counts as the person's words when `parts` arrive as a message; blank for nothing. */
  expect(session: string, parts: readonly TextPart[], typed: string): void {
    this.pending.set(session, { template: textOf(parts), typed });
  }

  /** The person's own words in a message of theirs. */
  wordsOf(session: string, said: string): string {
    const pending = this.pending.get(session);
    this.pending.delete(session);
    return pending && pending.template === said ? pending.typed : said;
  }
}

function textOf(parts: readonly TextPart[]): string {
  return parts.flatMap((part) => (part.type === "text" ? [part.text ?? ""] : [])).join("\n");
}
