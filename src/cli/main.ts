import { commands } from "./commands.ts";
import { nodeIo } from "./nodeIo.ts";
import { packageRoot } from "./packageRoot.ts";
import { runCli } from "./program.ts";

// Where nothing keeps the process running before the command has settled, that is no success.
process.exitCode = 1;
process.exitCode = await runCli(process.argv.slice(2), nodeIo(), commands, packageRoot().version);
