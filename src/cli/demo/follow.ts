import { setTimeout as sleep } from "node:timers/promises";
import { FileEventLogs } from "../../adapters/log/fileEventLogs.ts";
import { inCells } from "../../core/view/cells.ts";
import { duration, progressBar, workerRows } from "../../core/workflow/dashboard.ts";
import { fold } from "../../core/workflow/evolve.ts";
import type { OpenQuestion, Swarm } from "../../core/workflow/state.ts";
import { isLive } from "../../core/workflow/state.ts";
import { stopText } from "../../core/workflow/stopText.ts";
import { swarmWord } from "../../core/workflow/swarmWords.ts";
import { CliFailure } from "../failure.ts";
import { type Io, paint } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import type { Conversation } from "./conversation.ts";
import type { Screen } from "./screen.ts";

export interface FollowOptions {
  io: Io;
  screen: Screen;
  conversation: Conversation;
  /** The project's `.aegis`. */
  stateDir: string;
  /** What the scripted person answers to any question of the swarm. */
  yes: string;
  /** Milliseconds for the whole swarm. */
  timeLimitMs: number;
  /** Rejects when the server under it ends. */
  serverEnded: Promise<string>;
}

/** Milliseconds between two looks at the log. */
const LOOK_MS = 250;
/** Milliseconds a Commander may rest, with nothing asked and nobody at work, before the demo calls it stuck. */
const STUCK_MS = 20_000;

/**
 * Follows the swarm's log until it is done, shows what happens, and answers its questions as the scripted person.
 * Returns the finished swarm. Throws when it is aborted, gets stuck, or runs out of time.
 */
export async function followSwarm(options: FollowOptions): Promise<Swarm> {
  const { io, screen, conversation } = options;
  const logs = new FileEventLogs(options.stateDir);
  const died = new AbortController();
  options.serverEnded.then((why) => died.abort(new Error(why)));
  const began = Date.now();
  const teller = makeTeller(io, screen);
  let answered = "";
  let restingSince = Date.now();
  for (;;) {
    io.signal.throwIfAborted();
    died.signal.throwIfAborted();
    const swarm = await newestSwarm(logs);
    const busy = await conversation.busy();
    if (swarm) teller.state(swarm);
    if (swarm?.phase === "done" && !busy) return swarm;
    // The Commander's last words are the final report, which the demo prints itself as its result.
    if (swarm?.phase !== "done") for (const { kind, text } of await conversation.news()) teller.words(kind, text);
    if (swarm?.phase === "aborted")
      throw new CliFailure(`The swarm was aborted: ${swarm.abort?.reason ?? "no reason given"}`);
    if (swarm?.exhausted) {
      throw new CliFailure(
        swarm.stopped
          ? stopText(swarm.stopped, io.lang)
          : "The Commander ended its turn again and again without progress.",
      );
    }

    const asked = swarm?.question ? questionKey(swarm.question) : "";
    if (!busy && asked !== "" && asked !== answered) {
      answered = asked;
      screen.line(`${paint(io, "bold", `${say(io.lang, "demo.person")}:`)} ${options.yes}`);
      await conversation.say(options.yes);
      restingSince = Date.now();
    }
    if (busy || swarm?.commanderTrouble?.waiting || swarm?.workers.some(isLive)) restingSince = Date.now();
    else if (Date.now() - restingSince > STUCK_MS) {
      throw new CliFailure(
        `Nothing has happened for ${duration(STUCK_MS)} in phase ${swarm?.phase ?? "(no swarm was started)"}.`,
      );
    }
    if (Date.now() - began > options.timeLimitMs) {
      throw new CliFailure(
        `The swarm was not done within ${duration(options.timeLimitMs)}; it is in phase ${swarm?.phase ?? "none"}.`,
      );
    }
    await sleep(LOOK_MS);
  }
}

async function newestSwarm(logs: FileEventLogs): Promise<Swarm | undefined> {
  const id = (await logs.list()).at(-1);
  return id === undefined ? undefined : fold(await logs.read(id));
}

const questionKey = (question: OpenQuestion): string => JSON.stringify(question);

/** Tells each thing once: words, phases, and where no live block can be drawn, each Worker's change of status. */
function makeTeller(io: Io, screen: Screen) {
  let phase = "";
  const statuses = new Map<string, string>();
  return {
    words(kind: "text" | "error", text: string) {
      const name = say(io.lang, kind === "error" ? "demo.commander.error" : "demo.commander");
      const who = paint(io, kind === "error" ? "red" : "green", `${name}:`);
      screen.line(`${who} ${text}`);
    },
    state(swarm: Swarm) {
      if (swarm.phase !== phase) {
        phase = swarm.phase;
        screen.line(paint(io, "yellow", `── ${swarmWord(io.lang, `phase.${swarm.phase}`)}`));
      }
      const rows = workerRows(swarm, Date.now());
      for (const row of rows) {
        if (statuses.get(row.id) === row.status) continue;
        statuses.set(row.id, row.status);
        if (!io.isTTY) screen.line(`   ${row.id} ${row.name}: ${swarmWord(io.lang, `worker.${row.status}`)}`);
      }
      if (rows.length === 0 || phase === "done") return screen.block([]);
      const width = Math.max(...rows.map((row) => row.name.length));
      const lines = rows.map(
        (row) =>
          `${row.id}  ${row.name.padEnd(width)}  ${inCells(swarmWord(io.lang, `worker.${row.status}`), 13)} ${duration(row.durationMs)}`,
      );
      screen.block([...lines, progressBar(swarm, io.lang)]);
    },
  };
}
