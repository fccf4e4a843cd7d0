import { mayName } from "./expand.ts";

/** Programs whose argument or standard input is shell text. */
export const SHELLS = ["sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "rbash", "mksh"];

const INTERPRETERS = new Set(
  `python python2 python3 pypy3 node nodejs bun deno perl ruby php lua awk gawk mawk tclsh expect osascript pwsh Rscript
  julia make vim ex emacs`.split(/\s+/),
);

/** Programs and words of the shell behind which another program's call stands. */
export const PREFIXES = new Set(
  `command builtin exec env nohup sudo doas time nice ionice chrt timeout stdbuf setsid xargs parallel busybox watch
  unshare nsenter chroot strace ltrace flock script caffeinate taskset prlimit runuser su npx if then elif else while
  until do ! { coproc`.split(/\s+/),
);

/** Those of them that have an operand of their own before it. */
export const TAKES_OPERAND = new Set(["timeout", "flock", "chroot", "taskset", "su", "chrt", "script"]);

/** Whether a program runs code of another language that it is given. */
export function isInterpreter(name: string): boolean {
  return INTERPRETERS.has(name) || /^python[\d.]+$/.test(name);
}

/** A shell's arguments: whether the operand is a script itself (`-c`) or names one, and its `$0`, `$1`, …. */
export function shellArguments(args: readonly string[]): {
  inline: boolean;
  operand: string | undefined;
  parameters: readonly string[];
} {
  let i = 0;
  let inline = false;
  for (; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (arg === "--") {
      i++;
      break;
    }
    if (!/^[-+]/.test(arg)) break;
    if (/^-[a-zA-Z]*c[a-zA-Z]*$/.test(arg)) inline = true;
    if (/^[-+][oO]$/.test(arg) || arg === "--rcfile" || arg === "--init-file") i++;
  }
  return { inline, operand: args[i], parameters: args.slice(i + 1) };
}

/**
 * Calls that `xargs` makes of piped words: `echo 'git commit' | xargs sh -c`, `echo commit | xargs -I{} git {}`.
 *
 * @param args of `xargs`
 * @param fed its standard input
 */
export function xargsCalls(args: readonly string[], fed: string): string[][] {
  if (args.some((arg) => /^(-I|--replace)/.test(arg))) {
    const marker =
      /^-I(.+)$/.exec(args.find((arg) => arg.startsWith("-I")) ?? "")?.[1] ?? args[args.indexOf("-I") + 1] ?? "{}";
    const start = args.findIndex((arg, i) => i > 0 && !arg.startsWith("-") && args[i - 1] !== "-I");
    return fed
      .split("\n")
      .slice(0, 50)
      .map((line) => {
        const call = args.slice(Math.max(start, 0)).map((arg) => arg.replaceAll(marker, line.trim()));
        return call[0] === "git" ? call.flatMap((arg) => arg.split(/\s+/)) : call;
      });
  }
  const program = args.findIndex((arg) => !arg.startsWith("-"));
  const own = program < 0 ? [] : args.slice(program);
  return [
    [...own, ...fed.split(/\s+/)],
    [...own, fed],
  ];
}

/** Calls behind `find -exec`, `fd -x` and the like; one at a time, for each is as long as the rest of the line. */
export function* findCalls(args: readonly string[]): Generator<string[]> {
  for (const [i, arg] of args.entries()) {
    if (/^(-exec|-execdir|-ok|-okdir|-x|-X|--exec|--exec-batch)$/.test(arg)) yield args.slice(i + 1);
  }
}

/** Code of another language: the words behind each word `git` in it. */
export function* gitCallsInCode(text: string): Generator<string[]> {
  for (const statement of text.slice(0, 100_000).split(/[;\n]|&&|\|\|/)) {
    const tokens = statement.split(/[\s"'`,()[\]{}]+/);
    for (const [i, token] of tokens.entries()) if (mayName(token, "git")) yield tokens.slice(i + 1, i + 40);
  }
}
