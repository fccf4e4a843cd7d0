import { expect, it } from "vitest";
import { envValues } from "../../../src/core/context/envValues.ts";

it("takes what a person would not show, quoted or not, and leaves plain settings", () => {
  const file = [
    "# comment=with-a-value",
    "PLAIN=correct-horse",
    'QUOTED="battery staple"   # why',
    "export SHELL_LIKE='single quoted'",
    "TRAILING=value-one # a comment",
    "NODE_ENV=production",
    "PORT=3000",
    "DEBUG=true",
    "BASE=http://127.0.0.1:8001/v1",
    "DATABASE=postgres://app:pw@db/x",
    "SHORT=abc",
    "DATA_DIR=./data/files",
    "EMPTY=",
  ].join("\r\n");
  expect(envValues(file)).toEqual([
    "correct-horse",
    "battery staple",
    "single quoted",
    "value-one",
    "postgres://app:pw@db/x",
  ]);
});
