import { type Command, InvalidArgumentError, Option } from "commander";
import type { Io } from "../io.ts";
import { say } from "../messages/catalogue.ts";
import { examples } from "../program.ts";

/** `dashboard [--port N] [--host H] [--no-open] [--json]`: the swarm in a browser, and its metrics, until Ctrl-C. */
export function registerDashboard(program: Command, io: Io): void {
  const port = (word: string): number => {
    const number = Number(word);
    if (Number.isInteger(number) && number >= 0 && number <= 65_535 && word !== "") return number;
    throw new InvalidArgumentError(say(io.lang, "dashboard.badPort"));
  };
  program
    .command("dashboard")
    .description(say(io.lang, "dashboard.description"))
    .addOption(new Option("--port <n>", say(io.lang, "dashboard.port")).argParser(port).default(0))
    .addOption(new Option("--host <host>", say(io.lang, "dashboard.host")).default("127.0.0.1"))
    .option("--no-open", say(io.lang, "dashboard.noOpen"))
    .option("--json", say(io.lang, "option.json"))
    .addHelpText("after", () =>
      examples(io, ["dashboard", "dashboard --port 4780 --no-open", "dashboard --no-open --json"]),
    )
    .action(async (options: { port: number; host: string; open: boolean; json?: boolean }) => {
      const { runDashboard } = await import("./run.ts");
      await runDashboard(io, options);
      io.signal.throwIfAborted();
    });
}
