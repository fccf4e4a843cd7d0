/** Random letters and figures, put together here so that no scanner takes these files for a leak. */
const R = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2";
const HEX = "0123456789abcdef0123456789abcdef";
const j = (...parts: string[]) => parts.join("");

/** What must never leave, each as it stands in a sentence: what it is, the secret itself, and the words around it. */
export const PLANTED: readonly (readonly [name: string, secret: string, sentence: string])[] = (
  [
    ["AWS access key", j("AKIA", "ABCDEFGH12345678")],
    ["AWS temporary key", j("ASIA", "ABCDEFGH12345678")],
    ["AWS secret key", R.slice(0, 40), (s) => `aws_secret_access_key = ${s}`],
    ["GitHub token", j("ghp_", R.slice(0, 36))],
    ["GitHub app token", j("ghs_", R.slice(0, 36))],
    ["GitHub fine-grained token", j("github_pat_", R)],
    ["GitLab token", j("glpat-", R.slice(0, 20))],
    ["Slack bot token", j("xoxb-", "1234567890-", R.slice(0, 24))],
    ["Slack app token", j("xapp-", "1-A012-", R.slice(0, 24))],
    ["Slack webhook", j("T012AB3CD/B045EF6GH/", R.slice(0, 24)), (s) => `https://hooks.slack.com/services/${s}`],
    ["OpenAI key", j("sk-", "proj-", R)],
    ["Anthropic key", j("sk-", "ant-api03-", R)],
    ["Google API key", j("AIza", R.slice(0, 35))],
    ["Google client secret", j("GOCSPX-", R.slice(0, 28))],
    ["Google access token", j("ya29.", R)],
    ["Stripe key", j("sk_", "live_", R.slice(0, 24))],
    ["webhook secret", j("whsec_", R.slice(0, 32))],
    ["SendGrid key", j("SG.", R.slice(0, 22), ".", R)],
    ["Twilio key", j("SK", HEX)],
    ["npm token", j("npm_", R.slice(0, 36))],
    ["PyPI token", j("pypi-", R)],
    ["Hugging Face token", j("hf_", R.slice(0, 34))],
    ["Vault token", j("hvs.", R)],
    ["Telegram bot token", j("123456789:", R.slice(0, 35))],
    ["private key", R, (s) => j("-----BEGIN RSA PRIVATE", " KEY-----\n", s, "\n-----END RSA PRIVATE", " KEY-----")],
    [
      "PGP private key",
      R,
      (s) => j("-----BEGIN PGP PRIVATE", " KEY BLOCK-----\n\n", s, "\n-----END PGP PRIVATE", " KEY BLOCK-----"),
    ],
    ["age key", j("AGE-SECRET-KEY-1", "QWERTYUIOPASDFGHJKLZXCVBNM012345")],
    ["JWT", j("eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiIxMjM0In0.", R)],
    ["password in an address", "correct-horse-battery", (s) => `postgres://app:${s}@db.internal/x`],
    ["token in an address", j("tok", R.slice(0, 30)), (s) => `https://${s}@git.internal/repo.git`],
    ["Basic authorization", "dXNlcjpjb3JyZWN0LWhvcnNl", (s) => `Authorization: Basic ${s}`],
    ["Bearer authorization", R.slice(0, 32), (s) => `Authorization: Bearer ${s}`],
    ["password in JSON", "hunter2-hunter2", (s) => `{"password": "${s}"}`],
    ["password option", "s3cr3t-word", (s) => `mysql --password ${s} -e 'select 1'`],
    ["curl user", "battery-staple", (s) => `curl -u admin:${s} https://x.internal`],
    ["cookie", R.slice(0, 32), (s) => `Cookie: session=${s}`],
    ["storage key", j(R, "=="), (s) => `DefaultEndpointsProtocol=https;AccountKey=${s}`],
    [".env value", "plain words of a person", (s) => s],
    [".env value of a package", "another-plain-value", (s) => s],
    [".env value with a URL", "amqp://guest:guest2@mq", (s) => s],
  ] as readonly [string, string, ((secret: string) => string)?][]
).map(([name, secret, within = (each: string) => `use ${each} here`]) => [name, secret, within(secret)] as const);

/** The project's `.env` files that hold the last three. */
export const ENV_FILES: Readonly<Record<string, string>> = {
  ".env": 'GREETING="plain words of a person"\nQUEUE=amqp://guest:guest2@mq\nPORT=3000\n',
  "packages/api/.env.local": "THING=another-plain-value\n",
};
