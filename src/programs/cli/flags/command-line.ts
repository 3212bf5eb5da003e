import { parseArgs } from "node:util";
import { FLAGS, suggestFlag } from "./flag-table.ts";

/** A command line that cannot be parsed; the message is one line. */
export class UsageError extends Error {}

/** A command line in two parts. */
export interface CommandLine {
  /** Our flags, wherever they stand, and the module. */
  readonly ours: readonly string[];
  /** The flags after the module that are not ours, each with its value as in `--db.url=text`. */
  readonly theirs: readonly string[];
}

/**
 * Divides a command line at its module: the first argument that is neither a flag nor the value of one of ours.
 *
 * Only the module can say what its flags mean. Whatever no module can have declared stays in `ours`, where it is
 * an error before a module is loaded.
 */
export function divide(args: readonly string[]): CommandLine {
  const theirs: string[] = [];
  const taken = new Set<number>();
  let hasModule = false;
  // The argument that is the value of the flag before it, unless that is a boolean.
  let awaited: number | undefined;
  for (const token of tokensOf(args)) {
    const { kind, index } = token;
    const arg = args[index] ?? "";
    if (kind === "option" && hasModule && /^--./.test(arg) && !Object.hasOwn(FLAGS, token.name)) {
      theirs.push(arg);
      taken.add(index);
      awaited = arg.includes("=") ? undefined : index + 1;
    } else if (index === awaited && (kind === "positional" || NEGATIVE_NUMBER.test(arg))) {
      theirs.push(`${theirs.pop()}=${arg}`);
      taken.add(index);
      awaited = undefined;
    } else if (kind === "positional") {
      hasModule = true;
    }
  }
  return { ours: args.filter((_, index) => !taken.has(index)), theirs };
}

/** What `parseArgs` takes for letters that are flags. */
const NEGATIVE_NUMBER = /^-\.?\d/;

function tokensOf(args: readonly string[]) {
  const syntax = { allowPositionals: true, strict: false, tokens: true } as const;
  return parseArgs({ args: [...args], options: FLAGS, ...syntax }).tokens;
}

/**
 * Makes an error of `parseArgs` one line that suggests a flag. It names flags and shows no value, which may be a
 * secret.
 *
 * @param args The command line that was parsed.
 * @param names The names of the module's flags, if they are known.
 */
export function usageError(
  error: unknown,
  args: readonly string[],
  names: readonly string[] = [],
): UsageError {
  // The first sentence names the flag; the next ones give advice.
  const [sentence = ""] = (error as Error).message.split(/\.(?:\s|$)/);
  const [, unclear] = /^Option '(.*)' argument is ambiguous$/.exec(sentence) ?? [];
  if (unclear !== undefined) {
    const flag = unclear.replace(/^-\w, /, "");
    return new UsageError(`Option '${flag}' needs a value. One with a dash: ${flag}=-x`);
  }
  const [, unknown] = /^Unknown option '(.*)'$/.exec(sentence) ?? [];
  if (unknown === undefined) return new UsageError(sentence);
  const flag = suggestFlag(unknown, args, names);
  const suggestion = flag === undefined ? "." : `. Did you mean --${flag}?`;
  // A group that none of ours has is that of a module.
  const isForeign = flag === undefined || /^--(?!web\.|log\.)[\w-]+\./.test(unknown);
  const isBeforeModule = unknown.startsWith("--") && args.some((arg) => !arg.startsWith("-"));
  const advice = isForeign && isBeforeModule ? " Flags of a module go after it" : "";
  return new UsageError(`${sentence}${suggestion}${advice}`.replace(/\.$/, ""));
}

/**
 * Rejects a flag that stands twice and may not, as the official exporters do.
 *
 * @param isRepeatable Whether a flag may, by its name.
 */
export function checkRepeats(
  names: readonly string[],
  isRepeatable: (name: string) => boolean,
): void {
  const repeated = names.find((name, index) => names.indexOf(name) < index && !isRepeatable(name));
  if (repeated !== undefined) throw new UsageError(`Option '--${repeated}' cannot be repeated`);
}
