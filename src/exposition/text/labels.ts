import { NOT_PRINTABLE } from "../../model/faults.ts";
import type { Labels } from "../../model/metric-family.ts";
import { type EscapingScheme, isLegacyLabelName } from "../../model/names.ts";
import type { LabelHolder } from "../encoder.ts";
import {
  hasLoneSurrogate,
  isReservedLabel,
  MAX_KNOWN_NAMES,
  NameOrder,
  normalLabels,
} from "../label-pairs.ts";

/**
 * Writes the labels of one family as `a="1",b="2"`, without braces; `""` when there are none.
 *
 * `normalLabels()` says which labels are skipped. Where a gatherer promises that its labels are unique,
 * it writes them, until it meets some that it would alter. All others must be held first.
 */
export class LabelEncoder implements LabelHolder {
  /** The text of the labels that are held, which are written next. */
  held: string | undefined;
  isTrusting: boolean;
  isRefused = false;
  fault: string | undefined;
  readonly #scheme: EscapingScheme;
  readonly #reserved: string | undefined;
  /** The text before the value, for names that need no escaping; `""` for those that are skipped. */
  readonly #starts = new Map<string, string>();
  #isAltered = false;
  readonly #order = new NameOrder();

  /**
   * @param hasUniqueLabels Whether the gatherer promises that no two label sets are equal.
   * @param reserved The label that the caller writes itself: `le` or `quantile`.
   */
  constructor(scheme: EscapingScheme, hasUniqueLabels: boolean | undefined, reserved?: string) {
    this.#scheme = scheme;
    this.#reserved = reserved;
    this.isTrusting = hasUniqueLabels === true;
  }

  /** Writes labels that are not held; `undefined` and `isRefused` for those that must be. */
  encode(labels: Labels): string | undefined {
    if (!this.isTrusting) {
      this.isRefused = true;
      return undefined;
    }
    const text = this.#write(labels, Object.keys(labels ?? {})) ?? this.#writeWithCare(labels);
    if (!this.#isAltered) return text;
    this.isTrusting = false;
    this.isRefused = true;
    this.fault = undefined;
    return undefined;
  }

  hold(labels: Labels): string | undefined {
    this.fault = undefined;
    const names = Object.keys(labels ?? {});
    const text = this.#write(labels, names);
    if (text !== undefined && !this.#isAltered) {
      this.held = text;
      const ordered = this.#order.arrange(names);
      return ordered === names ? text : this.#write(labels, ordered);
    }
    const pairs = this.#readWithCare(labels);
    if (pairs === undefined) return undefined;
    this.held = writePairs(pairs, [...pairs.keys()]);
    return writePairs(pairs, this.#order.arrange([...pairs.keys()]));
  }

  release(): void {
    this.held = undefined;
    this.isRefused = false;
  }

  /**
   * Writes labels in the order of their names; `undefined` where that takes more care.
   *
   * Hot path: all labels of all metrics pass here; `npm run bench` measures it.
   */
  #write(labels: Labels, names: readonly string[]): string | undefined {
    const starts = this.#starts;
    let encoded = "";
    let isAltered = false;
    for (let index = 0; index < names.length; index++) {
      const name = names[index] as string; // index < length
      const start = starts.get(name);
      if (start === undefined) return undefined;
      const value = labels[name];
      let text: string;
      if (typeof value === "string") text = value;
      else if (typeof value === "number" || typeof value === "boolean") text = String(value);
      else if (value === undefined || value === null) {
        text = String(value);
        isAltered = true;
      } else return undefined;
      if (text === "" || start === "") {
        isAltered = true;
        continue;
      }
      if (NEEDS_CARE.test(text)) {
        if (hasLoneSurrogate(text)) return undefined;
        text = escapeQuoted(text);
      }
      encoded += `${encoded === "" ? "" : ","}${start}${text}"`;
    }
    this.#isAltered = isAltered;
    return encoded;
  }

  /** The same for names that are new or not of the legacy charset, and for values of other types. */
  #writeWithCare(labels: Labels): string | undefined {
    const pairs = this.#readWithCare(labels);
    return pairs && writePairs(pairs, [...pairs.keys()]);
  }

  #readWithCare(labels: Labels): ReadonlyMap<string, string> | undefined {
    for (const name of Object.keys(labels)) {
      const isReserved = isReservedLabel(name, this.#reserved);
      if (!isReserved && !isLegacyLabelName(name)) continue;
      if (this.#starts.size >= MAX_KNOWN_NAMES) this.#starts.clear();
      this.#starts.set(name, isReserved ? "" : `${name}="`);
    }
    const normal = normalLabels(labels, this.#scheme, this.#reserved);
    this.#isAltered = normal?.isAltered ?? true;
    this.fault = normal === undefined ? NOT_PRINTABLE : undefined;
    return normal?.pairs;
  }
}

// Without the flag `u`, surrogates cost nothing where the text is Latin-1.
const NEEDS_CARE = /[\\\n"\ud800-\udfff]/;

function writePairs(pairs: ReadonlyMap<string, string>, names: readonly string[]): string {
  return (
    names
      // Each name is one of `pairs`.
      .map((name) => `${quoteLabelName(name)}="${escapeQuoted(pairs.get(name) as string)}"`)
      .join(",")
  );
}

/** Writes a label name, in quotes unless it is of the legacy charset (text format 1.0.0). */
function quoteLabelName(name: string): string {
  return isLegacyLabelName(name) ? name : `"${escapeQuoted(name)}"`;
}

const NEEDS_ESCAPE = /[\\\n"]/;

/** Escapes a label value or a quoted name: backslash, line feed and double quote. */
export function escapeQuoted(text: string): string {
  // The test is several times cheaper than the replacement, and values rarely need one.
  return NEEDS_ESCAPE.test(text) ? text.replace(/[\\\n"]/g, escapeChar) : text;
}

/** Escapes the help text of the text format: backslash and line feed, but not the quote. */
export function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, escapeChar);
}

function escapeChar(char: string): string {
  return char === "\n" ? "\\n" : `\\${char}`;
}
