import { commandLinePage } from "./commandLine.ts";
import { configurationPage } from "./configuration.ts";

/** The pages that are made from the program, by their path in the repository. */
export async function pages(): Promise<Record<string, string>> {
  return { "docs/configuration.md": configurationPage(), "docs/command-line.md": await commandLinePage() };
}
