import type { FaultReporter } from "../model/gatherer.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { FamilyEncoder, TextSink } from "./encoder.ts";
import { formatNumber } from "./number.ts";

/**
 * The size of a chunk, in UTF-16 code units. A string that is much longer lives on the heap long
 * enough to cost more in garbage collection than in encoding.
 */
export const CHUNK_LENGTH: number = 64 * 1_024;

/** Collects text and gives it out as bytes. */
class ByteSink implements TextSink {
  #text = "";

  get length(): number {
    return this.#text.length;
  }

  text(text: string): void {
    this.#text += text;
  }

  number(value: number): void {
    this.#text += formatNumber(value);
  }

  /** Takes the bytes of all that was written since the last call. */
  take(): Uint8Array {
    // A lone surrogate becomes U+FFFD here: what we send is always valid UTF-8.
    const bytes = Buffer.from(this.#text);
    this.#text = "";
    return bytes;
  }
}

/**
 * Encodes families in a text format, a chunk at a time.
 *
 * @param end What follows the last family.
 * @param report Hears of each metric that had to be left out.
 */
export function* encodeText(
  families: Iterable<readonly [MetricFamily, FamilyEncoder]>,
  end: string,
  report: FaultReporter,
): Generator<Uint8Array, void, undefined> {
  const sink = new ByteSink();
  for (const [family, encoder] of families) {
    sink.text(encoder.head);
    for (const metric of family.metrics) {
      if (!encoder.encode(metric, sink)) report(family.name, "a value is not a number");
      if (sink.length >= CHUNK_LENGTH) yield sink.take();
    }
  }
  sink.text(end);
  if (sink.length > 0) yield sink.take();
}
