/** What stands in place of a secret. */
export const REDACTED = "[redacted]";

/** Keys of well-known issuers, tokens of three parts, and private keys, cut ones too. */
const TOKENS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g,
  /\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}/g,
  /\b(?:ghp|gho|ghu|ghs|ghr|glpat|hf|npm)[_-][A-Za-z0-9_-]{16,}/g,
  /\bgithub_pat_[A-Za-z0-9_]{20,}/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g,
  /\bA(?:KIA|SIA)[A-Z0-9]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  // Google: a client's secret, an access and a refresh token.
  /\bGOCSPX-[A-Za-z0-9_-]{20,}|\bya29\.[A-Za-z0-9_-]{20,}|\b1\/\/0[A-Za-z0-9_-]{20,}/g,
  // Stripe, its webhooks, Slack's apps and webhooks, Discord's and Telegram's bots.
  /\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}|\bwhsec_[A-Za-z0-9+/=]{16,}/g,
  /\bxapp-[A-Za-z0-9-]{10,}/g,
  /(?<=hooks\.slack\.com\/(?:services|workflows)\/)[A-Za-z0-9/_-]{10,}/g,
  /(?<=discord(?:app)?\.com\/api\/webhooks\/)\d+\/[A-Za-z0-9_-]{20,}/g,
  /\b\d{8,10}:[A-Za-z0-9_-]{35}\b/g,
  // SendGrid, Twilio, Mailgun, npm's and PyPI's, DigitalOcean, Shopify, Vault, Databricks, Linear, Notion, Groq, xAI, age.
  /\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/g,
  /\b(?:AC|SK)[0-9a-f]{32}\b|\bkey-[0-9a-f]{32}\b/g,
  /\bpypi-[A-Za-z0-9_-]{16,}|\bdo[opr]_v1_[a-f0-9]{32,}|\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b/g,
  /\bhv[sbr]\.[A-Za-z0-9_-]{20,}|\bdapi[a-f0-9]{32}\b|\blin_(?:api|oauth)_[A-Za-z0-9]{20,}|\b(?:ntn|secret)_[A-Za-z0-9]{40,}/g,
  /\b(?:gsk|xai|nvapi|r8|pplx|fw)[_-][A-Za-z0-9_-]{20,}/g,
  /\bAGE-SECRET-KEY-1[A-Z0-9]{20,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g,
];
/** `Bearer …`, and the password in an address. What is kept comes first. */
const AFTER: readonly RegExp[] = [
  /\b(Bearer\s+|Basic\s+)[A-Za-z0-9._~+/=-]{8,}/gi,
  /(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@"']{0,100}:)[^\s/@"']{1,200}(?=@)/gi,
  // A token in place of name and password, as git's addresses have it.
  /(\bhttps?:\/\/)[A-Za-z0-9_-]{20,200}(?=@)/gi,
  // What a cookie or an option of a command line carries; `curl -u name:password`.
  /(\b(?:Set-)?Cookie:\s{0,3}[\w.-]{1,60}=)[^\s;"']{8,}/gi,
  /(\s--?(?:password|passwd|token|api-key|secret)[ =]["']?)[^\s"']{4,}/gi,
  /(\s(?:-u|--user)[ =]["']?[^\s:"']{1,60}:)[^\s"']{3,}/gi,
];
/** `API_KEY=…`, `"password": "…"`, also inside a JSON text, where the quotes are escaped. */
const NAMED =
  /((?:[A-Za-z0-9_-]{0,40}(?:secret|passw(?:or)?d|passphrase|credential|api[_-]?key|access[_-]?key|private[_-]?key|account[_-]?key|signing[_-]?key|encryption[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token)|[A-Za-z0-9_-]{1,40}_(?:token|key))[A-Za-z0-9_-]{0,20}\\{0,3}["']?\s{0,3}[:=]\s{0,3}\\{0,3}["']?)([^\s"'\\,;&)}\]]{6,})/gi;

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
