import { UsageError } from "./command-line.ts";

/** The languages that an exporter may be written in, as `--init=ts` names them. */
const LANGUAGES = ["js", "ts"] as const;

export type Language = (typeof LANGUAGES)[number];

/** What `--init` is to write, and where. */
export interface InitCommand {
  readonly kind: "init";
  /** `undefined` means that of the folder. */
  readonly language: Language | undefined;
  /** From the working directory on. */
  readonly folder: string;
}

/**
 * Parses a command line with `--init`: `promhttp --init=ts my-exporter`. `parseArgs` has no flag whose value may
 * be left out, and no other flag means anything beside it.
 *
 * @returns `undefined` if it has no `--init`, or asks for help.
 * @throws {UsageError} For another language, another flag, a second folder, and one named as a language.
 */
export function parseInit(args: readonly string[]): InitCommand | undefined {
  const [flag] = args.filter((arg) => arg === "--" || INIT.test(arg));
  const asksForHelp = args.some((arg) => arg === "--help" || arg === "-h");
  if (flag === undefined || flag === "--" || asksForHelp) return undefined;
  const others = args.filter((arg) => arg !== flag);
  const [folder = ".", second] = others;
  const surplus = others.find((arg) => arg.startsWith("-")) ?? second;
  if (surplus !== undefined) {
    throw new UsageError(`--init takes only a folder beside it, got "${surplus}"`);
  }
  // It may be a folder, but hardly is.
  if (isLanguage(folder))
    throw new UsageError(`Did you mean --init=${folder}, or the folder ./${folder}?`);
  const [, text] = INIT.exec(flag) ?? [];
  if (text === undefined || isLanguage(text)) return { kind: "init", language: text, folder };
  throw new UsageError(`--init must be one of ${LANGUAGES.join(", ")}, got "${text}"`);
}

function isLanguage(text: string): text is Language {
  return LANGUAGES.some((name) => name === text);
}

const INIT = /^--init(?:=(.*))?$/s;
