import { type Command, Option } from "commander";
import type { InstallOptions } from "./install/options.ts";
import type { Io } from "./io.ts";
import { say } from "./messages/catalogue.ts";
import { examples } from "./program.ts";

/** `install [--global|--managed] [--base-url U] [--api-key-env NAME] [--model M] [--dry-run] [--yes] [--uninstall]` */
export function registerInstall(program: Command, io: Io): void {
  const text = (key: Parameters<typeof say>[1]) => say(io.lang, key);
  program
    .command("install")
    .description(text("install.description"))
    .option("--global", text("install.global"))
    .addOption(new Option("--managed", text("install.managed")).conflicts("global"))
    .option("--base-url <url>", text("install.baseUrl"))
    .option("--api-key-env <name>", text("install.apiKeyEnv"))
    .option("--model <name>", text("install.model"))
    .option("--specialists", text("install.specialists"))
    .addOption(new Option("--claude-code", text("install.claudeCode")).conflicts("managed"))
    .addOption(new Option("--snapshots <on|off>", text("install.snapshots")).choices(["on", "off"]))
    .option("--dry-run", text("install.dryRun"))
    .option("-y, --yes", text("install.yes"))
    .option("--uninstall", text("install.uninstall"))
    .addHelpText("after", () =>
      examples(io, [
        "install --yes",
        "install --base-url http://10.0.0.5:8001/v1 --model qwen3-coder-next --dry-run",
        "install --global --api-key-env VLLM_API_KEY --yes",
        "install --specialists --yes",
        "install --global --claude-code --yes",
        "install --uninstall",
      ]),
    )
    .action(async (options: InstallOptions) => {
      const { runInstall } = await import("./install/run.ts");
      await runInstall(io, options);
    });
}
