import type { Descriptor, MetricData, Scope } from "./collected.ts";
import type { Family } from "./family.ts";
import { labelValueOf } from "./naming/label-value.ts";
import type { Stream } from "./stream.ts";

/** A stream, and where it belongs. */
export interface KnownStream {
  readonly stream: Stream;
  readonly scope: Scope;
  /** Absent for one that is dropped. */
  readonly family: Family | undefined;
  /** The name of its family, which it has or would have. */
  readonly name: string;
  /** What to report whenever it is collected. */
  readonly faults: readonly string[];
}

/** A metric that is not known by its descriptor. */
export interface Stranger {
  readonly scope: Scope;
  readonly metric: MetricData;
  /** Whether it comes from a producer beside the reader. */
  readonly isForeign: boolean;
}

/** All streams in the order in which they came, and how they are recognised. */
export class KnownStreams {
  readonly #all: KnownStream[] = [];
  readonly #byDescriptor = new Map<Descriptor, KnownStream>();
  /** Those of one scope that are alike in all that identifies an instrument: mostly one. */
  readonly #alike = new Map<string, KnownStream[]>();

  /** All streams. */
  get all(): readonly KnownStream[] {
    return this.#all;
  }

  /** Finds the stream of a metric by its descriptor. */
  find(metric: MetricData, collection: number): KnownStream | undefined {
    const known = this.#byDescriptor.get(metric.descriptor);
    return known?.stream.accepts(metric, collection) ? known : undefined;
  }

  /**
   * Finds the stream of an instrument that has another descriptor than before: it was created again with a
   * longer description. The stream is one that the collection has not brought.
   */
  adopt({ scope, metric }: Stranger, collection: number): KnownStream | undefined {
    const alike = this.#alike.get(keyOf(scope, metric)) ?? [];
    const known = alike.find(({ stream }) => stream.accepts(metric, collection));
    if (known === undefined) return undefined;
    const { descriptor } = known.stream;
    if (this.#byDescriptor.get(descriptor) === known) this.#byDescriptor.delete(descriptor);
    known.stream.descriptor = metric.descriptor;
    this.#describe(known, metric.descriptor);
    return known;
  }

  /** Adds the stream that was made of a metric. */
  add(known: KnownStream, metric: MetricData): void {
    this.#all.push(known);
    this.#describe(known, metric.descriptor);
    const key = keyOf(known.scope, metric);
    const alike = this.#alike.get(key);
    if (alike === undefined) this.#alike.set(key, [known]);
    else alike.push(known);
  }

  /** Of two streams that share a descriptor, it finds the first. */
  #describe(known: KnownStream, descriptor: Descriptor): void {
    if (!this.#byDescriptor.has(descriptor)) this.#byDescriptor.set(descriptor, known);
  }
}

function keyOf({ name, version, schemaUrl, attributes }: Scope, metric: MetricData): string {
  const { descriptor, dataPointType, isMonotonic } = metric;
  const { name: instrument, unit } = descriptor;
  // Attributes may be anything, and what makes their text never throws.
  const scope = [name, version, schemaUrl, labelValueOf(attributes)];
  return JSON.stringify([...scope, instrument, unit, dataPointType, isMonotonic]);
}
