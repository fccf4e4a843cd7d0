import { commands } from "./commands.ts";
import { nodeIo } from "./nodeIo.ts";
import { packageRoot } from "./packageRoot.ts";
import { runCli } from "./program.ts";

process.exitCode = await runCli(process.argv.slice(2), nodeIo(), commands, packageRoot().version);
