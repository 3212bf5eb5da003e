/**
 * What the strict parsers of expositions return.
 */

/** An exemplar, with its time in milliseconds whatever the format counts in. */
export interface ParsedExemplar {
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
  readonly timestampMs?: number;
}

/** One sample line, or what protobuf says in its place. */
export interface ParsedSample {
  /** The full name, suffix and all. */
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
  readonly timestampMs?: number;
  readonly exemplar?: ParsedExemplar;
}

/** One metric family with its samples in the order of the exposition. */
export interface ParsedFamily {
  /** The name as the format has it: an OpenMetrics counter is without `_total`. */
  readonly name: string;
  /** The type in the word of the format: `untyped` in text, `unknown` in OpenMetrics. */
  readonly type: string;
  readonly help?: string;
  readonly unit?: string;
  readonly samples: readonly ParsedSample[];
}

/** A violation of the format. The message begins with the place and names the broken rule. */
export class ExpositionError extends Error {
  override readonly name = "ExpositionError";

  /**
   * @param place Where: `line 3`, `line 3, column 9` or `offset 17`.
   * @param rule What is wrong there.
   */
  constructor(place: string, rule: string) {
    super(`${place}: ${rule}`);
  }
}

/**
 * Names a series: the sample's name and its labels, sorted.
 *
 * Two samples have the same key exactly if they are the same series. A label with an empty value
 * does not count, for it is the same as no label (Prometheus, Data model).
 */
export function sampleKey(sample: Pick<ParsedSample, "name" | "labels">): string {
  return JSON.stringify([sample.name, ...labelPairs(sample.labels)]);
}

/** Lists the labels that have a value, sorted by name in code units. */
export function labelPairs(labels: ReadonlyMap<string, string>): [string, string][] {
  return [...labels]
    .filter(([, value]) => value !== "")
    .sort(([left], [right]) => (left < right ? -1 : 1));
}
