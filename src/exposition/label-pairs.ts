import type { FaultReporter } from "../model/gatherer.ts";
import { haveSameElements, labelText } from "../model/identity.ts";
import type { Labels, MetricType } from "../model/metric-family.ts";
import { type EscapingScheme, escapeLabelName } from "../model/names.ts";

/**
 * How many label names the encoder of one scheme remembers at most. Names are few, except in a program
 * that never repeats them, which must not fill the memory.
 */
export const MAX_KNOWN_NAMES = 1_000;

/** The label of a bucket or a quantile: a metric of that type cannot have it as its own. */
export const BOUND_LABELS: Readonly<Partial<Record<MetricType, string>>> = {
  histogram: "le",
  gaugehistogram: "le",
  summary: "quantile",
};

/** Labels as a scraper reads them. */
export interface NormalLabels {
  /** The escaped names with their values. */
  readonly pairs: ReadonlyMap<string, string>;
  /**
   * Whether something was left out or replaced, so that these labels may equal those of a metric
   * whose labels were different.
   */
  readonly isAltered: boolean;
}

/**
 * Normalises labels: names escaped, values as text, and nothing that would cost a scraper the scrape.
 *
 * Skips labels whose value is empty, which means the same as no label (OpenMetrics 1.0, Label),
 * `reserved`, and `__name__`, which Prometheus takes for a second metric name. The values of names that
 * the scheme makes equal become one value, with `;` between them: a label name that appears twice costs
 * the whole scrape, and a value that is left out can make two metrics one.
 *
 * @param reserved The label that is not the metric's own: `le` or `quantile`.
 * @returns `undefined` if a value cannot be converted to a string.
 */
export function normalLabels(
  labels: Labels,
  scheme: EscapingScheme,
  reserved?: string,
): NormalLabels | undefined {
  // An author without a compiler that checks types may have left them out.
  return normalEntries(Object.entries(labels ?? {}), false, scheme, reserved);
}

function normalEntries(
  entries: [string, unknown][],
  isSorted: boolean,
  scheme: EscapingScheme,
  reserved: string | undefined,
): NormalLabels | undefined {
  const pairs = new Map<string, string>();
  let isAltered = false;
  for (const [name, value] of entries) {
    const given = labelText(value);
    if (given === undefined) return undefined;
    const written = escapeLabelName(name, scheme);
    if (written !== name || !isFaithful(value)) isAltered = true;
    if (given === "" || isReservedLabel(name, reserved) || isReservedLabel(written, reserved)) {
      isAltered = true;
      continue;
    }
    const text = given.replace(LONE_SURROGATES, "\ufffd");
    const before = pairs.get(written);
    // In the order of their own names: OpenTelemetry, Metric Attributes.
    if (before !== undefined && !isSorted) {
      entries.sort(([a], [b]) => (a < b ? -1 : 1));
      return normalEntries(entries, true, scheme, reserved);
    }
    pairs.set(written, before === undefined ? text : `${before};${text}`);
  }
  return { pairs, isAltered };
}

/**
 * The order in which the labels of a family are compared: the same for all labels of the same names.
 *
 * Mostly all labels of a family have their names in one order, which is then the order; others are
 * sorted. To sort all of them took as long again as to encode them.
 */
export class NameOrder {
  #first: readonly string[] = [];
  #sorted: readonly string[] = [];

  /** Returns the names of some labels in that order; the same array if they are. */
  arrange(names: readonly string[]): readonly string[] {
    if (names.length < 2 || haveSameElements(names, this.#first)) return names;
    const sorted = names.toSorted();
    if (this.#first.length === 0) {
      this.#first = names;
      this.#sorted = sorted;
    }
    return haveSameElements(sorted, this.#sorted) ? this.#first : sorted;
  }
}

/** Tells whether a label of this name is never written, whatever its value. */
export function isReservedLabel(name: string, reserved?: string): boolean {
  return name === "" || name === "__name__" || name === reserved;
}

const LONE_SURROGATE = /[\ud800-\udfff]/u;
const LONE_SURROGATES = /[\ud800-\udfff]/gu;

/** Whether UTF-8 cannot encode a text: U+FFFD is sent instead, so that different texts become equal. */
export function hasLoneSurrogate(text: string): boolean {
  return LONE_SURROGATE.test(text);
}

/**
 * Whether different values of this kind have different texts: a client library tells `undefined` from
 * `"undefined"`, and two objects from each other.
 */
function isFaithful(value: unknown): boolean {
  if (typeof value === "string") return !hasLoneSurrogate(value);
  return typeof value === "number" || typeof value === "boolean" || typeof value === "bigint";
}

/** The label sets that one exposition has of a family, each as a text that is equal for equal ones. */
export class LabelSets {
  /** Most families have only one, and need no set. */
  #first: string | undefined;
  #all: Set<string> | undefined;

  /** Adds a label set; `false` when it is there. */
  add(key: string): boolean {
    const first = this.#first;
    if (first === undefined) {
      this.#first = key;
      return true;
    }
    if (this.#all === undefined) {
      if (key === first) return false;
      this.#all = new Set([first]);
    }
    const before = this.#all.size;
    return this.#all.add(key).size > before;
  }

  /** Takes back what was added last, of a metric that was skipped. */
  delete(key: string): void {
    if (this.#all === undefined) this.#first = undefined;
    else this.#all.delete(key);
  }
}

/** Reports each fault of a family once, however many of its metrics have it. */
export function onceForEach(report: FaultReporter): FaultReporter {
  let reported: Set<string> | undefined;
  return (family, reason) => {
    reported ??= new Set();
    const { size } = reported;
    if (reported.add(JSON.stringify([family, reason])).size > size) report(family, reason);
  };
}
