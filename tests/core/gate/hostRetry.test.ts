import { describe, expect, it } from "vitest";
import { finalWords, hostWouldRetry } from "../../../src/core/gate/hostRetry.ts";

describe("the words of an error decide whether OpenCode sends the step again", () => {
  it.each([
    "HTTP 503 engine dead",
    "connect ECONNREFUSED 127.0.0.1:8001",
    "The socket connection was closed unexpectedly.",
    "Model request refused: 10.0.0.1:5000 is not on the list",
    "fetch failed",
    "Rate limit reached",
    "Internal Server Error",
    "terminated",
  ])("%s: it would", (text) => {
    expect(hostWouldRetry(text)).toBe(true);
    expect(finalWords(text, "short")).toBe("short");
  });

  it.each(["quota", "rate", "auth", "overload", "timeout", "refused", "reset", "bad-response", "server", "stalled"])(
    "our own word for a failure, %s, passes",
    (kind) => {
      const short = `The model server did not answer after 4 tries (${kind}). Its own words are in .aegis/gate.jsonl.`;
      expect(hostWouldRetry(JSON.stringify({ error: { message: short, type: "aegis", code: kind } }))).toBe(false);
    },
  );
});
