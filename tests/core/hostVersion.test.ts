import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { supportsOpencode, TESTED_OPENCODE, wrongHost } from "../../src/core/hostVersion.ts";

test("the version named to people is the one that is tested and that package.json allows", () => {
  const { engines, devDependencies } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(devDependencies["opencode-ai"]).toBe(TESTED_OPENCODE);
  expect(engines.opencode).toBe(">=1.18.0 <2");
  expect(supportsOpencode(TESTED_OPENCODE)).toBe(true);
});

test("what is no version is not supported", () => {
  const versions = ["1.18.0", "v1.30.2", "1.17.9", "2.0.0", "0.0.0-dev", "local", ""];
  expect(versions.map(supportsOpencode)).toEqual([true, true, false, false, false, false, false]);
  expect(wrongHost("2.0.0")).toContain("made for OpenCode 1.18 or a later 1.x, and this is OpenCode 2.0.0");
});
