import type { Command } from "commander";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { registerAbort } from "./abort.ts";
import { registerEvents } from "./events.ts";
import { registerResume } from "./resume.ts";
import { registerStatus } from "./status.ts";
import { registerTrace } from "./trace.ts";

/** `swarm status|events|resume|abort|trace`: the swarm of this project. */
export function registerSwarm(program: Command, io: Io): void {
  const group = program.command("swarm").description(say(io.lang, "swarm.description"));
  for (const register of [registerStatus, registerEvents, registerResume, registerAbort, registerTrace])
    register(group, io);
}
