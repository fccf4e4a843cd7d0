import { isFourBit } from "../../../vllm/recipes/recipe.ts";
import type { Mend } from "../../../vllm/server/logProgress.ts";
import { type SuperviseEnd, wordEnd } from "../../../vllm/server/supervise.ts";
import { CliFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import type { ServeCommand } from "./serveCommand.ts";

type Served = Pick<ServeCommand, "settings" | "recipe">;

/** What mends it, without what is so already. */
export function wordMend(io: Io, { settings, recipe }: Served, mend: Mend): string {
  if (mend === "contextTooLong" && settings.kvCacheDtype.startsWith("fp8"))
    return say(io.lang, "mend.contextTooLong.fp8");
  if (mend === "noKvMemory" && isFourBit(recipe)) return say(io.lang, "mend.noKvMemory.4bit");
  return say(io.lang, `mend.${mend}`);
}

/** Why serving ended, as the failure the command ends with; undefined where it ended well. @param log its path */
export function failEnd(
  io: Io,
  command: Served,
  end: Exclude<SuperviseEnd, { kind: "stopped" }>,
  log: string,
): CliFailure | undefined {
  if (end.kind === "hopeless")
    return new CliFailure(say(io.lang, "start.fatal", { line: end.line }), {
      next: wordMend(io, command, end.mend),
      data: { line: end.line, mend: end.mend },
    });
  if (end.kind === "gaveUp")
    return new CliFailure(say(io.lang, "start.gaveUp", { count: end.ends }), {
      next: say(io.lang, "start.gaveUp.next", { log }),
    });
  const next = say(io.lang, "start.died.next", { log });
  return end.how.code === 0
    ? undefined
    : new CliFailure(say(io.lang, "start.ended", { how: wordEnd(end.how) }), { next });
}

/** What the server's log ends with where nothing starts it any more: whoever reads it later has no other word of it. */
export function lastLine(io: Io, end: SuperviseEnd, { message, next = "" }: CliFailure): string {
  return end.kind === "gaveUp" ? `${message}. ${next}` : say(io.lang, "start.notAgain", { what: message, next });
}
