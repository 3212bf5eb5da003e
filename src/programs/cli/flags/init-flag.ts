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
 * @throws {UsageError} For another language, another flag, and a second folder.
 */
export function parseInit(args: readonly string[]): InitCommand | undefined {
  const [flag] = args.filter((arg) => arg === "--" || INIT.test(arg));
  if (flag === undefined || flag === "--" || args.includes("--help")) return undefined;
  const others = args.filter((arg) => arg !== flag);
  const [folder = ".", second] = others;
  const surplus = others.find((arg) => arg.startsWith("-")) ?? second;
  if (surplus !== undefined) {
    throw new UsageError(`--init takes only a folder beside it, got "${surplus}"`);
  }
  const [, text] = INIT.exec(flag) ?? [];
  const language = LANGUAGES.find((name) => name === text);
  if (text === undefined || language !== undefined) return { kind: "init", language, folder };
  throw new UsageError(`--init must be one of ${LANGUAGES.join(", ")}, got "${text}"`);
}

const INIT = /^--init(?:=(.*))?$/s;
