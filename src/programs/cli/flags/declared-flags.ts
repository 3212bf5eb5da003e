import {
  checkEntries,
  isBoolean,
  isObject,
  isString,
  oneOf,
  textThat,
} from "../../../options/checks.ts";
import type { ExporterFlag, ExporterFlags } from "../../exporter.ts";
import { ExporterError } from "../exit.ts";
import { FLAGS } from "./flag-table.ts";

/**
 * Checks the flags that a module declares, as its export `flags`.
 *
 * @throws {ExporterError} For what is not a flag, and for the name of one of ours.
 */
export function checkFlags(value: unknown): ExporterFlags {
  try {
    isObject("flags", value);
    for (const [name, flag] of Object.entries(value)) {
      checkName(name);
      checkFlag(`flags.${name}`, flag);
    }
    // Cast: every entry was checked.
    return value as ExporterFlags;
  } catch (error) {
    // The checks are those of options.
    throw new ExporterError((error as Error).message.replace(/^Option/, "Export"));
  }
}

function checkName(name: string): void {
  // `--no-x` is the opposite of the boolean `--x`.
  if (!/^(?!no-)[a-z][\w.-]*$/i.test(name)) {
    throw new TypeError(
      `Option "flags" must have names such as "db.url", got ${JSON.stringify(name)}`,
    );
  }
  if (Object.hasOwn(FLAGS, name)) {
    throw new TypeError(`Option "flags" must not have "${name}", which is a flag of promhttp`);
  }
}

const TYPES = ["string", "number", "boolean"] as const;

const CHECKS = {
  type: oneOf(TYPES),
  help: isString,
  default: () => {},
  env: textThat("the name of a variable", (text) => /^[a-z_]\w*$/i.test(text)),
  multiple: isBoolean,
  required: isBoolean,
};

function checkFlag(path: string, flag: unknown): void {
  isObject(path, flag);
  const { type, default: value, multiple, required } = flag as Partial<ExporterFlag>;
  // One that is absent must be rejected, too.
  CHECKS.type(`${path}.type`, type);
  checkEntries(flag, CHECKS, `${path}.`);
  if (value === undefined) return;
  if (required) throw new TypeError(`Option "${path}" must not be required: it has a default`);
  const isLegal = (item: unknown) => typeof item === type;
  const isDefault = multiple ? Array.isArray(value) && value.every(isLegal) : isLegal(value);
  if (isDefault) return;
  const expected = multiple ? `an array with elements of type ${type}` : `a ${type}`;
  throw new TypeError(`Option "${path}.default" must be ${expected}`);
}
