/** What stands in place of a secret. */
export const REDACTED = "[redacted]";

/** Keys of well-known issuers, tokens of three parts, and private keys, cut ones too. */
const TOKENS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g,
  /\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}/g,
  /\b(?:ghp|gho|ghu|ghs|ghr|glpat|hf|npm)[_-][A-Za-z0-9_-]{16,}/g,
  /\bgithub_pat_[A-Za-z0-9_]{20,}/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g,
  /\bA(?:KIA|SIA)[A-Z0-9]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g,
];
/** `Bearer …`, and the password in an address. What is kept comes first. */
const AFTER: readonly RegExp[] = [
  /\b(Bearer\s+|Basic\s+)[A-Za-z0-9._~+/=-]{8,}/gi,
  /(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@"']{0,100}:)[^\s/@"']{1,200}(?=@)/gi,
];
/** `API_KEY=…`, `"password": "…"`, also inside a JSON text, where the quotes are escaped. */
const NAMED =
  /((?:[A-Za-z0-9_-]{0,40}(?:secret|passw(?:or)?d|passphrase|credential|api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token)|[A-Za-z0-9_-]{1,40}_(?:token|key))[A-Za-z0-9_-]{0,20}\\{0,3}["']?\s{0,3}[:=]\s{0,3}\\{0,3}["']?)([^\s"'\\,;&)}\]]{6,})/gi;

/**
 * A text that may be written to a log: what looks like a key, a token or a password is replaced. Ordinary code with such
 * names may lose a value too: a log that says too little is the lesser harm.
 */
export function redact(text: string): string {
  let clean = text;
  for (const token of TOKENS) clean = clean.replace(token, REDACTED);
  for (const after of AFTER) clean = clean.replace(after, `$1${REDACTED}`);
  return clean.replace(NAMED, `$1${REDACTED}`);
}
