/** Text in a message that is not the person speaking, in the order in which it is looked for. */
const FOREIGN: readonly RegExp[] = [
  // Fenced code, an unclosed fence to the end.
  /(?:^|\n)[ \t]*(`{3,}|~{3,})[^\n]*(?:\n[\s\S]*?(?:\n[ \t]*\1[`~]*[ \t]*(?=\n|$)|$)|$)/g,
  // Contents of files and what hosts put into a message.
  /<(file|files|content|document|attachment|system-reminder|path|code|pre)\b[^>]*>[\s\S]*?(?:<\/\1>|$)/gi,
  // Quoted lines.
  /(?:^|\n)[ \t]*>[^\n]*/g,
  // Inline code.
  /(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g,
  // Quotes, on one line: an apostrophe in a word opens none.
  /"[^"\n]*"/g,
  /(?<![\p{L}\p{N}])'[^'\n]*'(?![\p{L}\p{N}])/gu,
  /“[^”\n]*”|‘[^’\n]*’|「[^」\n]*」|『[^』\n]*』|«[^»\n]*»/g,
];

/**
 * A message with everything that is quoted, code or a file's contents blanked out; of the same length, so that places in it
 * are places in the message. What is blanked is no white space, or a word before a quote would seem to end the message.
 */
export function withoutForeignText(message: string): string {
  return FOREIGN.reduce((text, pattern) => text.replace(pattern, (match) => "\u0000".repeat(match.length)), message);
}
