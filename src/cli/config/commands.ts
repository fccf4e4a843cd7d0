import type { Command } from "commander";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { registerSchema } from "./schema.ts";
import { registerShow } from "./show.ts";
import { registerValidate } from "./validate.ts";

/** `config show|validate|schema` */
export function registerConfig(program: Command, io: Io): void {
  const group = program.command("config").description(say(io.lang, "config.description"));
  registerShow(group, io);
  registerValidate(group, io);
  registerSchema(group, io);
}
