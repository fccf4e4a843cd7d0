import { expandWord, mayName, printedBy, UNKNOWN, type Variables, wordText } from "./expand.ts";
import { DISTINCTIVE_VERBS, GIT_VALUE_OPTIONS, isForgeWrite, isGitWrite } from "./gitVerbs.ts";
import {
  findCalls,
  gitCallsInCode,
  isInterpreter,
  PREFIXES,
  SHELLS,
  shellArguments,
  TAKES_OPERAND,
  xargsCalls,
} from "./innerCalls.ts";
import { parseShell } from "./parse.ts";
import type { ShellCommand } from "./words.ts";

export interface GitWrite {
  /** Git's subcommand, an alias resolved; `gh pr create` for the forge; `?` where the command hides it. */
  verb: string;
  /** How it was written: `plain`, or the detour it took (`sh -c`, `xargs`, `interpreter`, …). */
  form: string;
}

/** Text inside text inside text … is followed this far. */
const MAX_NESTING = 8;

/**
 * Finds the calls in a shell command that would change git history, refs, index, stash or configuration, or publish
 * (`git push`, `gh pr create`). The first net only: it reads what a command says, not what a program does; the
 * sandbox's read-only `.git` holds where it is outwitted.
 *
 * @param command any text; never throws, work grows linearly with its length
 * @param aliases the repository's git aliases (`alias.<name>` → value), where the caller knows them
 */
export function findGitWrites(command: string, aliases: Readonly<Record<string, string>> = {}): GitWrite[] {
  const search = new Search(new Map(Object.entries(aliases)));
  search.text(command, "plain", 0);
  return search.found;
}

class Search {
  readonly found: GitWrite[] = [];
  private readonly variables: Variables = new Map();
  private readonly shellAliases = new Map<string, string>();
  /** Text this very command wrote into a file, which a later part may run. */
  private readonly files = new Map<string, string>();
  private readonly gitAliases: Map<string, string>;

  constructor(gitAliases: Map<string, string>) {
    this.gitAliases = gitAliases;
  }

  text(text: string, form: string, depth: number): void {
    if (depth > MAX_NESTING) return;
    for (const command of parseShell(text)) this.command(command, form, depth);
  }

  private add(verb: string, form: string): void {
    if (!this.found.some((write) => write.verb === verb && write.form === form)) this.found.push({ verb, form });
  }

  private command(command: ShellCommand, form: string, depth: number): void {
    for (const word of [...command.words, ...command.input, ...command.outputs]) {
      for (const piece of word.pieces) {
        if (piece.kind !== "commands") continue;
        for (const inner of piece.list) this.command(inner, "substitution", depth);
      }
    }
    let start = 0;
    const first = (i: number) => command.words[i]?.pieces[0];
    for (; start < command.words.length; start++) {
      const piece = first(start);
      const name = piece?.kind === "text" && !piece.quoted ? /^([A-Za-z_]\w*)\+?=/.exec(piece.value) : undefined;
      const word = command.words[start];
      if (!name?.[1] || !word) break;
      this.variables.set(name[1], wordText(word, this.variables).slice(name[0].length));
    }
    const words = command.words.slice(start).flatMap((word) => expandWord(word, this.variables));
    const dynamic = command.words[start]?.pieces.some((piece) => piece.kind !== "text") ?? false;
    const fed = this.standardInput(command);
    for (const output of command.outputs) {
      const written = printedBy([command], this.variables);
      if (written !== undefined) this.files.set(plainPath(wordText(output, this.variables)), written);
    }
    this.call(words, dynamic && form === "plain" ? "variable" : form, fed, depth);
  }

  private standardInput(command: ShellCommand): string | undefined {
    if (command.input.length > 0) return command.input.map((word) => wordText(word, this.variables)).join("\n");
    if (command.pipedFrom.length > 0) return printedBy(command.pipedFrom, this.variables);
    return undefined;
  }

  /** One program with its arguments, prefixes such as `sudo` or `xargs` still in front. */
  private call(words: readonly string[], form: string, fed: string | undefined, depth: number): void {
    const program = words[0];
    if (program === undefined || depth > MAX_NESTING) return;
    const args = words.slice(1);
    const is = (...names: readonly string[]) => names.some((name) => mayName(program, name));
    const base = program.slice(program.lastIndexOf("/") + 1);

    const alias = this.shellAliases.get(program);
    if (alias !== undefined) {
      this.shellAliases.delete(program);
      this.text(`${alias} ${args.map(quoted).join(" ")}`, "alias", depth + 1);
      this.shellAliases.set(program, alias);
    } else if (is("git", "hub")) this.git(args, program.includes("/") && form === "plain" ? "path" : form, fed, depth);
    else if (base.startsWith("git-")) this.git([base.slice(4), ...args], "path", fed, depth);
    else if (is("gh")) this.forge(args, form);
    else if (is(...SHELLS)) this.shell(args, base, fed, depth);
    else if (base === "eval") this.text(args.join(" "), "eval", depth + 1);
    else if (base === "source" || base === ".") this.script(args[0], fed, "source", depth);
    else if (base === "trap" || base === "ssh") this.text(args.join(" "), base, depth + 1);
    else if (base === "alias") this.rememberAliases(args);
    else if (["export", "declare", "local", "readonly", "typeset"].includes(base)) this.assign(args);
    else if (PREFIXES.has(base)) this.prefixed(base, args, form, fed, depth);
    else if (base === "find" || base === "fd") {
      for (const inner of findCalls(args)) this.call(inner, "find -exec", undefined, depth + 1);
    } else if (isInterpreter(base)) {
      for (const code of [...args, fed ?? ""]) {
        for (const inner of gitCallsInCode(code)) this.git(inner, "interpreter", undefined, depth + 1);
      }
    } else if (this.files.has(plainPath(program))) this.script(program, undefined, "script", depth);
    else if (program.includes(UNKNOWN) && DISTINCTIVE_VERBS.has(args[0] ?? "")) this.add(args[0] ?? "?", "variable");
  }

  private git(args: readonly string[], form: string, fed: string | undefined, depth: number): void {
    let i = 0;
    const local = new Map<string, string>();
    for (; i < args.length; i++) {
      const arg = args[i] ?? "";
      if (!arg.startsWith("-")) break;
      const value = arg === "-c" ? args[i + 1] : /^-c(.+)$/.exec(arg)?.[1];
      const alias = /^alias\.([^=]+)=(.*)$/is.exec(value ?? "");
      if (alias?.[1] !== undefined) local.set(alias[1], alias[2] ?? "");
      if (GIT_VALUE_OPTIONS.has(arg)) i++;
    }
    const verb = args[i];
    const rest = args.slice(i + 1);
    if (verb === undefined || verb === "{}" || verb === "%") {
      // `echo commit | xargs git`: the words come from the pipe.
      if (form === "xargs") this.git(fed === undefined ? [UNKNOWN] : fed.split(/\s+/), "xargs", undefined, depth + 1);
      return;
    }
    const detour = form === "plain" && i > 0 ? "options" : form;
    const alias = local.get(verb) ?? this.gitAliases.get(verb);
    if (alias !== undefined && depth < MAX_NESTING) {
      if (alias.startsWith("!")) this.text(`${alias.slice(1)} ${rest.map(quoted).join(" ")}`, "alias", depth + 1);
      else this.git([...alias.split(/\s+/), ...rest], "alias", fed, depth + 1);
    } else if (verb.includes(UNKNOWN)) this.add("?", detour === "plain" ? "variable" : detour);
    else if (isGitWrite(verb, rest)) this.add(verb, detour);
    else if (verb === "submodule" && rest.includes("foreach")) {
      this.text(rest.slice(rest.indexOf("foreach") + 1).join(" "), "submodule foreach", depth + 1);
    } else if (verb === "bisect" && rest[0] === "run") this.call(rest.slice(1), "bisect run", fed, depth + 1);
  }

  private forge(args: readonly string[], form: string): void {
    const [group = "", action = ""] = args.filter((arg) => !arg.startsWith("-"));
    const isApi = args.find((arg) => !arg.startsWith("-") || arg === "api") === "api";
    if (isForgeWrite(args)) this.add(isApi ? "gh api" : `gh ${group} ${action}`, form);
  }

  private shell(args: readonly string[], name: string, fed: string | undefined, depth: number): void {
    const { inline, operand, parameters } = shellArguments(args);
    if (inline && operand !== undefined) {
      parameters.forEach((value, n) => {
        this.variables.set(String(n), value);
      });
      this.variables.set("@", parameters.slice(1).join(" "));
      this.variables.set("*", parameters.slice(1).join(" "));
      this.text(operand, `${name} -c`, depth + 1);
    } else this.script(operand, fed, `${name} script`, depth);
  }

  /** A script by path (known if this command wrote it) or, without a path, from standard input. */
  private script(path: string | undefined, fed: string | undefined, form: string, depth: number): void {
    const isStdin = path === undefined || ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"].includes(path);
    const text = isStdin
      ? fed
      : (this.files.get(plainPath(path)) ?? (path.includes("\n") || / /.test(path) ? path : undefined));
    if (text !== undefined) this.text(text, isStdin ? "standard input" : form, depth + 1);
  }

  private prefixed(base: string, args: readonly string[], form: string, fed: string | undefined, depth: number): void {
    const label = form === "plain" ? (base === "xargs" ? "xargs" : "wrapper") : form;
    if (base === "xargs" && fed !== undefined) {
      for (const call of xargsCalls(args, fed)) this.call(call, "xargs", undefined, depth + 1);
    }
    let operands = TAKES_OPERAND.has(base) ? 1 : 0;
    for (let i = 0; i < args.length; i++) {
      const arg = args[i] ?? "";
      const text =
        /^(?:-S|--split-string=|--command=)(.+)$/s.exec(arg)?.[1] ??
        (/^(-S|-c|--command|--split-string)$/.test(arg) ? args[i + 1] : undefined);
      if (text !== undefined) this.text(text, "wrapper", depth + 1);
      const assignment = /^([A-Za-z_]\w*)=(.*)$/s.exec(arg);
      if (assignment?.[1] !== undefined) this.variables.set(assignment[1], assignment[2] ?? "");
      if (arg.startsWith("-") || assignment) continue;
      this.call(args.slice(i), base === "xargs" ? "xargs" : label, fed, depth + 1);
      // The word behind an option may be its value (`sudo -u bob git …`); some programs take an operand of their own
      // (`timeout 5 git …`). Trying one word too many costs nothing, so both are tried.
      if (i > 0 && /^-/.test(args[i - 1] ?? "")) continue;
      if (operands-- <= 0) return;
    }
  }

  private rememberAliases(args: readonly string[]): void {
    for (const arg of args) {
      const alias = /^([^=]+)=(.*)$/s.exec(arg);
      if (alias?.[1] !== undefined) this.shellAliases.set(alias[1], alias[2] ?? "");
    }
  }

  private assign(args: readonly string[]): void {
    for (const arg of args) {
      const assignment = /^([A-Za-z_]\w*)=(.*)$/s.exec(arg);
      if (assignment?.[1] !== undefined) this.variables.set(assignment[1], assignment[2] ?? "");
    }
  }
}

function plainPath(path: string): string {
  return path.replace(/^(\.\/)+/, "");
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
