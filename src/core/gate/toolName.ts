import type { OfferedTool } from "./offeredTools.ts";

/** The tool a wrong name meant. */
export interface NameGuess {
  tool: OfferedTool;
  /** Only case or separators differ. Otherwise the arguments must fit the tool too before the guess counts. */
  sure: boolean;
}

/** A shorter name says too little to be completed or corrected. */
const SHORTEST = 3;

/**
 * The offered tool an unknown name meant: the same but for case and separators, else within one edit, else the only one
 * it is the beginning of. Undefined where none or several would do. An offered name is itself.
 */
export function toolMeant(name: string, tools: readonly OfferedTool[]): NameGuess | undefined {
  const exact = tools.find((tool) => tool.name === name);
  if (exact) return { tool: exact, sure: true };
  const plain = plainName(name);
  if (plain === "") return undefined;
  const same = only(tools.filter((tool) => plainName(tool.name) === plain));
  if (same) return { tool: same, sure: true };
  if (plain.length < SHORTEST) return undefined;
  const near = tools.filter((tool) => withinOneEdit(plain, plainName(tool.name)));
  const guess = near.length > 0 ? only(near) : only(tools.filter((tool) => plainName(tool.name).startsWith(plain)));
  return guess ? { tool: guess, sure: false } : undefined;
}

function only<T>(candidates: readonly T[]): T | undefined {
  return candidates.length === 1 ? candidates[0] : undefined;
}

function plainName(name: string): string {
  return name
    .trim()
    .replace(/^functions?[.:]/, "")
    .toLowerCase()
    .replace(/[_\-\s]/g, "");
}

/** One letter more, less, other, or two neighbours swapped. */
export function withinOneEdit(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  let end = 0;
  const most = Math.min(a.length, b.length) - start;
  while (end < most && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const [restA, restB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  if (restA.length <= 1 && restB.length <= 1) return true;
  return restA.length === 2 && restB.length === 2 && restA[0] === restB[1] && restA[1] === restB[0];
}
