import type { Worker } from "./workflow/state.ts";

/** Most paths named, and most characters of last words: a summary, not a transcript. */
const PATHS = 40;
const WORDS = 400;

/** What a Worker's fresh session is told of the one before it. Made of what was seen, not of what a model says it did. */
export function handoverOf(worker: Worker, why: string, lastWords: string): string {
  const named = worker.wrote.slice(0, PATHS);
  const more = worker.wrote.length - named.length;
  const wrote = named.length === 0 ? "nothing" : `${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  const passed = Object.entries(worker.qaRuns).flatMap(([command, print]) => (print === "" ? [] : [`\`${command}\``]));
  const words = lastWords.trim().slice(-WORDS);
  return [
    `An earlier session of yours worked on this part and was ended: ${why}.`,
    `It wrote: ${wrote}. These files are still there: look at them first.`,
    `Checks that passed in it: ${passed.length === 0 ? "none" : passed.join(", ")}. Run them again.`,
    ...(words === "" ? [] : [`Its last words: ${words}`]),
    "Go another way than it did.",
  ].join("\n");
}
