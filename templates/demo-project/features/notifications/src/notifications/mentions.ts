/** Names after an `@` that starts a word, each once, in lower case: `@Kim` but not `kim@example`. */
export function mentionsIn(text: string): readonly string[] {
  const found = text.matchAll(/(?<=^|[^\p{L}\p{N}])@([\p{L}\p{N}_-]+)/gu);
  return [...new Set([...found].map((match) => (match[1] ?? "").toLowerCase()))];
}
