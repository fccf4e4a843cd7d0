import { flagName } from "../flags/flagTable.ts";
import { BadValue } from "../server/words.ts";
import { flagValue } from "./argv.ts";

const SUFFIXES: Readonly<Record<string, number>> = {
  k: 1e3,
  m: 1e6,
  g: 1e9,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
};

/** Tokens as vLLM reads them: `131072`, `128K` (1,024s), `128k` (1,000s); undefined for anything else. */
export function tokensOf(word: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([kmgKMG]?)$/.exec(word);
  if (!match) return undefined;
  const [, digits = "", suffix = ""] = match;
  const value = Number(digits) * (SUFFIXES[suffix] ?? 1);
  return Number.isInteger(value) ? value : undefined;
}

const wholeFrom1 = (word: string): boolean => (tokensOf(word) ?? 0) >= 1;

/** Flags whose value is checked, since words after `--` and AEGIS_EXTRA reach vLLM as they are. */
const rules: Readonly<Record<string, readonly [takes: (word: string) => boolean, wants: string]>> = {
  "--max-num-seqs": [wholeFrom1, "a whole number, 1 or more"],
  "--max-num-batched-tokens": [wholeFrom1, "a whole number of tokens, 1 or more"],
  // `auto` and -1: as long as the memory allows.
  "--max-model-len": [
    (word) => word === "auto" || word === "-1" || wholeFrom1(word),
    "a whole number of tokens, or auto",
  ],
  "--tensor-parallel-size": [(word) => /^[1-9]\d*$/.test(word), "a whole number of GPUs, 1 or more"],
  "--data-parallel-size": [(word) => /^[1-9]\d*$/.test(word), "a whole number of replicas, 1 or more"],
  "--gpu-memory-utilization": [
    (word) => /^\d*\.?\d+$/.test(word) && Number(word) > 0 && Number(word) <= 1,
    "a share above 0, at most 1",
  ],
  "--port": [(word) => /^\d{1,5}$/.test(word) && Number(word) >= 1 && Number(word) <= 65_535, "a port, 1 to 65535"],
};

/** Throws BadValue where a flag that vLLM would refuse at its start, minutes later or in other words, has no good value. */
export function checkArgv(argv: readonly string[]): void {
  for (const [flag, [takes, wants]] of Object.entries(rules)) {
    if (!argv.some((word) => word.startsWith("--") && flagName(word) === flag)) continue;
    const value = flagValue(argv, flag);
    if (value === undefined || !takes(value)) throw new BadValue(`${flag} ${value ?? ""}: it is ${wants}`);
  }
}
