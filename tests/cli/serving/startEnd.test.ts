import { expect, it } from "vitest";
import { failEnd, lastLine, wordMend } from "../../../src/cli/serving/startEnd.ts";
import type { Mend } from "../../../vllm/server/logProgress.ts";
import { recordIo } from "../io.ts";

const { io } = recordIo();
const served = (kvCacheDtype: string, id: string): Parameters<typeof wordMend>[1] => {
  const command: unknown = { settings: { kvCacheDtype }, recipe: { id } };
  return command as Parameters<typeof wordMend>[1];
};

it.each<[Mend, string, string, RegExp, RegExp]>([
  ["contextTooLong", "auto", "qwen3-coder-next-fp8-h200", /AEGIS_KV_DTYPE=fp8/, /never/],
  ["contextTooLong", "fp8", "qwen3-coder-next-fp8-h200", /AEGIS_MEM/, /fp8/],
  ["noKvMemory", "fp8", "qwen3-coder-next-fp8-h200", /4-bit/, /never/],
  ["noKvMemory", "fp8", "qwen3-coder-next-4bit-h100", /more GPUs/, /4-bit/],
])("%s with %s KV and %s advises only what would change something", (mend, kv, recipe, has, hasNot) => {
  const text = wordMend(io, served(kv, recipe), mend);
  expect(text).toMatch(has);
  expect(text).not.toMatch(hasNot);
});

it("a supervisor that gave up leaves what happened and what to do, in both languages", () => {
  for (const [lang, words] of [
    ["en", /10 times in a row.* stands above in \/log.*start-vllm --supervise/],
    ["ko", /10번.*\/log.*start-vllm --supervise/],
  ] as const) {
    const spoken = { ...io, lang };
    const end = { kind: "gaveUp", ends: 10 } as const;
    const failure = failEnd(spoken, served("fp8", "tiny"), end, "/log");
    if (!failure) throw new Error("no failure");
    expect(lastLine(spoken, end, failure)).toMatch(words);
  }
});
