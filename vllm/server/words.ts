/** A value that cannot be used; the message says what and why. */
export class BadValue extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BadValue";
  }
}

/**
 * Splits a line into words as a shell would, with single and double quotes and backslashes and nothing else: no variable,
 * no command, no glob. Throws BadValue at an unclosed quote.
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let index = 0; index < line.length; index += 1) {
    const char = line[index] ?? "";
    if (quote === undefined && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (quote === undefined && (char === '"' || char === "'")) {
      quote = char;
      word ??= "";
    } else if (char === quote) {
      quote = undefined;
    } else if (char === "\\" && quote !== "'" && index + 1 < line.length) {
      index += 1;
      word = (word ?? "") + (line[index] ?? "");
    } else {
      word = (word ?? "") + char;
    }
  }
  if (quote !== undefined) throw new BadValue(`a quote (${quote}) is not closed in ${JSON.stringify(line)}`);
  if (word !== undefined) words.push(word);
  return words;
}
