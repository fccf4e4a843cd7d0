import { describe, expect, test } from "vitest";
import {
  allowsAnything,
  isNetworkEntry,
  judgeTarget,
  networkAllowance,
} from "../../../src/core/sandbox/networkAllowance.ts";

describe("what sandbox.network allows", () => {
  const allowance = networkAllowance([
    "registry",
    "Files.Example.com",
    "git.example.com:8443",
    "localhost:5432",
    "[fd00::7]:80",
  ]);

  test.each([
    ["registry.npmjs.org", 443, "host"],
    ["PyPI.org.", 443, "host"],
    ["files.example.com", 80, "host"],
    ["git.example.com", 8443, "host"],
    ["fd00::7", 80, "host"],
    ["[FD00::7]", 80, "host"],
    ["localhost", 5432, "loopback"],
    ["127.0.0.1", 5432, "loopback"],
    ["127.3.2.1", 5432, "loopback"],
    ["::1", 5432, "loopback"],
  ] as const)("%s:%d is reached", (host, port, kind) => {
    expect(judgeTarget(allowance, host, port)?.kind).toBe(kind);
  });

  test.each([
    ["registry.npmjs.org", 22],
    ["evil.registry.npmjs.org", 443],
    ["registry.npmjs.org.evil.example", 443],
    ["files.example.com", 8443],
    ["git.example.com", 443],
    ["localhost", 5433],
    ["db.localhost", 80],
    ["0.0.0.0", 5432],
    ["", 443],
  ])("%s:%d is not", (host, port) => {
    expect(judgeTarget(allowance, host, port)).toBeUndefined();
  });

  test("nothing by default, and nothing for what cannot be read", () => {
    const bad = [
      "",
      "*",
      "*.example.com",
      "http://x",
      "a b",
      "localhost",
      "127.0.0.1",
      "x:0",
      "x:70000",
      "x:y",
      "-x",
      "x/y",
      "u@x",
    ];
    expect(bad.filter(isNetworkEntry)).toEqual([]);
    expect(allowsAnything(networkAllowance(bad))).toBe(false);
    expect(allowsAnything(networkAllowance([]))).toBe(false);
    expect(allowsAnything(allowance)).toBe(true);
  });
});
