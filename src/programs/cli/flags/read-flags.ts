import { parseArgs } from "node:util";
import type { ExporterFlag, ExporterFlags } from "../../exporter.ts";
import { checkRepeats, UsageError, usageError } from "./command-line.ts";

/** The environment of the process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The values of a module's flags, by their names. */
export type Values = Readonly<Record<string, unknown>>;

/**
 * Reads the values of the flags that a module declares: from the command line, else from the environment, else
 * their defaults.
 *
 * @param args The flags after the module, as `divide()` returns them.
 * @throws {UsageError} For a flag that is not declared, and for a value that is missing or wrong. The message
 *   never shows a value.
 */
export function readFlags(flags: ExporterFlags, args: readonly string[], env: Environment): Values {
  const given = textsIn(flags, args);
  const values = Object.entries(flags).map(([name, flag]) => {
    const texts = given.get(name);
    const value =
      texts === undefined ? valueIn(env, name, flag) : toValue(`--${name}`, flag, texts);
    return [name, value ?? defaultOf(name, flag)];
  });
  return Object.freeze(Object.fromEntries(values));
}

/** The texts of the flags that a command line has; that of a boolean is `true` or `false`. */
function textsIn(flags: ExporterFlags, args: readonly string[]): Map<string, readonly string[]> {
  const options = optionsOf(flags);
  const texts = new Map<string, readonly string[]>();
  const names: string[] = [];
  try {
    for (const token of parseArgs({ args: [...args], options, tokens: true }).tokens) {
      if (token.kind !== "option") continue;
      const isOn = Object.hasOwn(flags, token.name);
      const name = isOn ? token.name : token.name.replace(NO, "");
      names.push(name);
      texts.set(name, [...(texts.get(name) ?? []), token.value ?? `${isOn}`]);
    }
  } catch (error) {
    throw usageError(error, args, Object.keys(options));
  }
  checkRepeats(names, (name) => flags[name]?.multiple === true);
  return texts;
}

const NO = "no-";

/** The flags as `parseArgs` takes them, and the opposite of each boolean: tokens of Node 20 do not tell them apart. */
function optionsOf(flags: ExporterFlags) {
  const options: Record<string, { readonly type: "string" | "boolean" }> = {};
  for (const [name, { type }] of Object.entries(flags)) {
    options[name] = { type: type === "boolean" ? type : "string" };
    if (type === "boolean") options[NO + name] = { type };
  }
  return options;
}

function valueIn(env: Environment, name: string, flag: ExporterFlag): unknown {
  const text = flag.env === undefined ? undefined : env[flag.env];
  if (!text) return undefined;
  const items = text.split(",").map((item) => item.trim());
  const texts = flag.multiple ? items.filter((item) => item !== "") : [text];
  if (texts.length === 0) return undefined;
  return toValue(`Environment variable ${flag.env} (--${name})`, flag, texts);
}

/** @param place Where the texts are, for messages. */
function toValue(place: string, flag: ExporterFlag, texts: readonly string[]): unknown {
  // It is a mistake, such as a variable of a shell that is not set.
  if (flag.required && texts.includes("")) throw new UsageError(`${place} must not be empty`);
  const { read, expected } = READERS[flag.type];
  const values = texts.map((text) => {
    const value = read(text);
    if (value === undefined) throw new UsageError(`${place} must be ${expected}`);
    return value;
  });
  return flag.multiple ? Object.freeze(values) : values[0];
}

/** How a text is read; `undefined` where it is not what is expected. */
interface Reader {
  readonly expected: string;
  read(text: string): unknown;
}

const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["1", true],
  ["false", false],
  ["0", false],
]);

const READERS: Readonly<Record<ExporterFlag["type"], Reader>> = {
  string: { expected: "a text", read: (text) => text },
  number: {
    expected: "a number",
    read: (text) => (NUMBER.test(text) && Number.isFinite(+text) ? +text : undefined),
  },
  boolean: { expected: "true or false", read: (text) => BOOLEANS.get(text.toLowerCase()) },
};

function defaultOf(name: string, flag: ExporterFlag): unknown {
  if (flag.required) {
    const variable = flag.env === undefined ? "" : `, or the environment variable ${flag.env}`;
    throw new UsageError(`--${name} is required${variable}`);
  }
  const { default: value } = flag;
  if (flag.multiple) return Object.freeze([...((value as readonly unknown[] | undefined) ?? [])]);
  return value ?? (flag.type === "boolean" ? false : undefined);
}
