import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hasCode, messageOf } from "../../src/ports/thrown.ts";

describe("what was thrown", () => {
  it("has a message, whatever it is", () => {
    expect(messageOf(new TypeError("no such thing"))).toBe("no such thing");
    expect(messageOf("words alone")).toBe("words alone");
    expect(messageOf(undefined)).toBe("undefined");
  });

  it("is told by the codes of system calls, and by nothing that only looks like one", () => {
    let missing: unknown;
    try {
      readFileSync(new URL("not-here", import.meta.url));
    } catch (error) {
      missing = error;
    }
    expect(hasCode(missing, "ENOENT")).toBe(true);
    expect(hasCode(missing, "EACCES", "ENOENT")).toBe(true);
    expect(hasCode(missing, "EACCES")).toBe(false);
    expect(hasCode({ code: "ENOENT" }, "ENOENT")).toBe(false);
    expect(hasCode(Object.assign(new Error("x"), { code: 2 }), "2")).toBe(false);
  });
});
