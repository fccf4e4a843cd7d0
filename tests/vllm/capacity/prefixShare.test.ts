import fc from "fast-check";
import { expect, test } from "vitest";
import { prefixShare } from "../../../vllm/capacity/prefixShare.ts";

const of = (text: string) => [...text];

test.each([
  ["the first prompt finds nothing", ["abcdef"], 2, 0],
  ["a longer one finds the whole blocks of the shorter", ["abcde", "abcdefgh"], 2, 4],
  ["a difference in the first block loses everything behind it", ["abcdef", "xbcdef"], 2, 0],
  ["a prefix shorter than a block is never found", ["abc", "abc"], 4, 0],
  ["of a prompt found whole the last block is computed", ["abcd", "abcd"], 2, 2],
])("%s", (_, prompts, block, cached) => {
  expect(prefixShare(prompts.map(of), block).cached).toBe(cached);
});

test.each([
  ["what an earlier prompt held inside a block", ["abcdefg", "abcdefgh"], 6],
  ["nothing inside a block where no prompt ended", ["abcdefgh", "abcdxxxx"], 4],
  ["nothing where two prompts part before a state that was kept", ["abcdef", "abcxefgh"], 0],
  ["whole blocks as ever", ["abcdefghij", "abcdefghxx"], 8],
])("in units smaller than a block: %s", (_, prompts, cached) => {
  expect(prefixShare(prompts.map(of), 4, 2).cached).toBe(cached);
});

test("equals a search through all earlier prompts", () => {
  const prompt = fc.array(fc.constantFrom("a", "b"), { maxLength: 12 });
  fc.assert(
    fc.property(fc.array(prompt, { maxLength: 8 }), fc.integer({ min: 1, max: 4 }), (prompts, block) => {
      const expected = prompts.reduce((sum, tokens, index) => {
        let best = 0;
        for (let end = block; end < tokens.length; end += block) {
          const begins = (earlier: readonly string[]) =>
            earlier.length >= end && tokens.slice(0, end).every((token, at) => earlier[at] === token);
          if (prompts.slice(0, index).some(begins)) best = end;
        }
        return sum + best;
      }, 0);
      expect(prefixShare(prompts, block).cached).toBe(expected);
    }),
  );
});
