import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REDACTED, redact } from "../../src/core/redact.ts";

describe("secrets in a text", () => {
  // Put together here, so that no scanner takes this file for a leak.
  const random = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4";
  it.each([
    ["an API key", `sk-${random}`],
    ["a GitHub token", `ghp_${random}`],
    ["a fine-grained GitHub token", `github_pat_${random}`],
    ["a GitLab token", `glpat-${random}`],
    ["a Slack token", `xoxb-${random}`],
    ["an AWS key", `AKIA${"ABCDEFGH12345678"}`],
    ["a JSON web token", `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.${random}`],
    ["a private key", `-----BEGIN RSA PRIVATE KEY-----\n${random}\n-----END RSA PRIVATE KEY-----`],
    ["a private key that was cut", `-----BEGIN PRIVATE KEY-----\n${random}`],
  ])("%s is left out", (_what, secret) => {
    expect(redact(`before ${secret}`)).toBe(`before ${REDACTED}`);
  });

  it.each([
    ["a header", `Authorization: Bearer ${random}`, `Authorization: Bearer ${REDACTED}`],
    ["an address", `postgres://app:${random}@db/x`, `postgres://app:${REDACTED}@db/x`],
    ["a line of .env", `DB_PASSWORD=${random}\nPORT=1`, `DB_PASSWORD=${REDACTED}\nPORT=1`],
    ["JSON", `{"apiKey": "${random}", "port": 1}`, `{"apiKey": "${REDACTED}", "port": 1}`],
    ["JSON in a JSON string", `{\\"api_key\\":\\"${random}\\"}`, `{\\"api_key\\":\\"${REDACTED}\\"}`],
    ["shell", `export HF_TOKEN='${random}'`, `export HF_TOKEN='${REDACTED}'`],
  ])("in %s the name stays and the value goes", (_what, text, clean) => {
    expect(redact(text)).toBe(clean);
  });

  it("leaves code and prose as they are", () => {
    for (const text of [
      'read({"filePath":"src/token.ts","limit":3})',
      "The keyboard and the tokenizer count tokens: 12345 of them.",
      "const total = tokens.reduce((sum, each) => sum + each, 0);",
      "https://example.org:8001/v1/chat",
    ])
      expect(redact(text)).toBe(text);
  });

  it("is itself once it is clean, and takes time in proportion to the text", () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => redact(redact(text)) === redact(text)));
    // Would not end in this test's time if any of the patterns went back over what it read.
    for (const unit of ["secret", "a_", "password=", "-----BEGIN PRIVATE KEY-----", "https://", "eyJ", "\\\\\\"])
      redact(unit.repeat(20_000));
  });
});
