import type { Labels, ValueMetric } from "../model/metric-family.ts";

/** A number of our own that is asked for when it is read, so that its metric stays the same object. */
export class LiveValue implements ValueMetric {
  readonly identity: string;
  readonly labels: Labels;
  readonly #read: () => number;

  /** @param identity Tells it from the others of its family. */
  constructor(identity: string, labels: Labels, read: () => number) {
    this.identity = identity;
    this.labels = labels;
    this.#read = read;
  }

  get value(): number {
    return this.#read();
  }
}
