import { interruptSignal } from "../interrupt.ts";
import { isLanguage, pickLanguage } from "../messages/language.ts";
import { showHud } from "./show.ts";

/**
 * `hud` without the rest of the command line, which would take longer to load than the whole command may take.
 *
 * @param argv the arguments after `hud`
 * @returns false where they are not plain (help, a mistake): then the command line says what is to be said
 */
export async function quickHud(argv: readonly string[]): Promise<boolean> {
  const wish = readArguments(argv);
  if (!wish) return false;
  const { env, stdout } = process;
  const terminal = stdout.isTTY === true;
  const signal = wish.watch ? interruptSignal() : new AbortController().signal;
  // `oh-my-qwencoder hud --watch | head` closes the pipe early; that ends it.
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
  const io = {
    stdout,
    env,
    cwd: process.cwd(),
    isTTY: terminal,
    lang: pickLanguage(wish.lang, env),
    colour: terminal && !env.NO_COLOR,
    signal,
    get columns() {
      return stdout.columns;
    },
  };
  await showHud(io, wish);
  if (signal.aborted) process.exitCode = 130;
  return true;
}

function readArguments(
  argv: readonly string[],
): { json: boolean; watch: boolean; lang: string | undefined } | undefined {
  const wish: { json: boolean; watch: boolean; lang: string | undefined } = {
    json: false,
    watch: false,
    lang: undefined,
  };
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? "";
    if (word === "--json") wish.json = true;
    else if (word === "--watch") wish.watch = true;
    else if (word === "--lang" || word.startsWith("--lang=")) {
      const lang = word === "--lang" ? argv[++index] : word.slice("--lang=".length);
      if (lang === undefined || !isLanguage(lang)) return undefined;
      wish.lang = lang;
    } else return undefined;
  }
  return wish;
}
