/** Checks of values that a user passes; they do not depend on any option. */
import { inspect } from "../node.ts";

/**
 * Throws when the value of an option is not what it must be: a `TypeError` for a wrong type, a
 * `RangeError` for a value that is out of range.
 */
export type Check = (name: string, value: unknown) => void;

/** Checks some values by their names. */
export type Checks = Readonly<Record<string, Check>>;

export const isBoolean: TypeCheck<boolean> = ofType("boolean");

export const isString: TypeCheck<string> = ofType("string");

export const isFunction: Check = ofType("function");

const isNumber: TypeCheck<number> = ofType("number");

/** A check that tells the compiler of which type a value is, too. */
type TypeCheck<T> = (name: string, value: unknown) => asserts value is T;

function ofType(type: string): Check {
  return (name, value) => {
    if (typeof value !== type) throw wrongType(name, `a ${type}`, value);
  };
}

export const isStringList: Check = (name, value) => {
  const isList = Array.isArray(value) && value.every((item) => typeof item === "string");
  if (!isList) throw wrongType(name, "an array of strings", value);
};

export function integerFrom(min: number, max: number): Check {
  return (name, value) => {
    isNumber(name, value);
    if (Number.isInteger(value) && value >= min && value <= max) return;
    throw outOfRange(name, `an integer from ${min} to ${max}`, value);
  };
}

export function oneOf(known: readonly string[]): Check {
  return (name, value) => {
    isString(name, value);
    if (!known.includes(value)) throw outOfRange(name, known.map(show).join(" or "), value);
  };
}

/** @param expected What the text must be, in words. */
export function textThat(expected: string, isLegal: (text: string) => boolean): Check {
  return (name, value) => {
    isString(name, value);
    if (!isLegal(value)) throw outOfRange(name, expected, value);
  };
}

/** A list of some of `known`, without repetitions, and not empty. */
export function listOf(known: readonly unknown[]): Check {
  return listThat(`one or more of ${known.map(show).join(", ")}`, (item) => known.includes(item));
}

/**
 * A list without repetitions, and not empty.
 *
 * @param expected What its items must be, in words.
 */
export function listThat(expected: string, isLegal: (item: unknown) => boolean): Check {
  return (name, value) => {
    if (!Array.isArray(value)) throw wrongType(name, "an array", value);
    // Unlike the methods of an array, a set does not skip holes.
    const items = new Set<unknown>(value);
    if (items.size > 0 && items.size === value.length && [...items].every(isLegal)) return;
    throw outOfRange(name, `${expected}, each once`, value);
  };
}

/** The message shows only the type of a wrong value: somebody may have given a secret by mistake. */
export function isObject(name: string, value: unknown): asserts value is object {
  if (typeof value === "object" && value !== null) return;
  const shown = value === null ? "null" : `a ${typeof value}`;
  throw new TypeError(`Option "${name}" must be an object, got ${shown}`);
}

/** An object with some of these entries, and no other. */
export function objectOf(checks: Checks): Check {
  return (name, value) => {
    isObject(name, value);
    checkEntries(value, checks, `${name}.`);
  };
}

/** Checks every entry of `values` that is defined. */
export function checkEntries(values: object, checks: Checks, prefix = ""): void {
  for (const [name, value] of Object.entries(values)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) throw new TypeError(`Unknown option "${prefix}${name}"`);
    if (value !== undefined) check(`${prefix}${name}`, value);
  }
}

/** Makes the error for a value of a wrong type. */
export function wrongType(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(messageOf(name, expected, value));
}

/** Makes the error for a value that is out of range. */
export function outOfRange(name: string, expected: string, value: unknown): RangeError {
  return new RangeError(messageOf(name, expected, value));
}

/** The value of an option that holds secrets is never shown, even if its type is wrong. */
function messageOf(name: string, expected: string, value: unknown): string {
  const message = `Option "${name}" must be ${expected}`;
  return /^auth\b|^tls$/.test(name) ? message : `${message}, got ${show(value)}`;
}

/** Not every object can be converted to a string, and a string of digits must not look like a number. */
export function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : inspect(value, { depth: 0 });
}
