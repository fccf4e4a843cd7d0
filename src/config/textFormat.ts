/** How a file is written: kept when it is edited. */
export interface TextFormat {
  /** Whether it starts with a byte order mark. */
  bom: boolean;
  eol: "\n" | "\r\n";
  /** One level of indentation. */
  indent: string;
}

/** Splits the byte order mark off and finds line ends and indentation; two spaces where the text shows none. */
export function readFormat(raw: string): { text: string; format: TextFormat } {
  const bom = raw.startsWith("\uFEFF");
  const text = bom ? raw.slice(1) : raw;
  const indent = /^(?:\t|[ ]{1,8})(?=\S)/m.exec(text)?.[0] ?? "  ";
  return { text, format: { bom, eol: text.includes("\r\n") ? "\r\n" : "\n", indent } };
}

export function writeFormat(text: string, format: TextFormat): string {
  return format.bom ? `\uFEFF${text}` : text;
}
