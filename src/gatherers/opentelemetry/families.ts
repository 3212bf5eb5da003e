import type { FaultReporter } from "../../model/gatherer.ts";
import type { MetricFamily } from "../../model/metric-family.ts";
import type { Attributes, Descriptor, MetricData, Scope, ScopeMetrics } from "./collected.ts";
import { scopeLabelsOf } from "./extra-labels.ts";
import { Family } from "./family.ts";
import type { Mapping } from "./mapping-rules.ts";
import { labelValueOf } from "./naming/label-value.ts";
import { translateName } from "./naming/metric-name.ts";
import { ResourceLabels, TARGET_INFO } from "./resource.ts";
import type { LabelSources } from "./series.ts";
import { Stream } from "./stream.ts";
import { areOneType, EXPONENTIAL_HISTOGRAM, HISTOGRAM, isDelta, kindOf } from "./stream-kind.ts";

/** A stream, and where it belongs. */
interface KnownStream {
  readonly stream: Stream;
  /** What tells its instrument from all others. */
  readonly key: string;
  readonly scope: Scope;
  readonly isHistogram: boolean;
  /** Absent for one that is dropped. */
  readonly family: Family | undefined;
  /** What to report at each collection, and of which family. */
  readonly name: string;
  readonly faults: readonly string[];
}

/** The metrics of one collection. */
export interface Collection {
  /** The attributes of the resource. */
  readonly attributes: Attributes;
  /** The scopes of the reader. */
  readonly own: readonly ScopeMetrics[];
  /** Those of other producers. */
  readonly foreign: readonly ScopeMetrics[];
}

/**
 * The families of a reader. They are remembered in the order in which they came, and so is which of two in
 * conflict was first: the SDK's own order changes from one collection to the next.
 */
export class Families {
  /** All families; the same frozen list as long as no stream brings another. */
  list: readonly MetricFamily[] = Object.freeze([]);
  readonly #mapping: Mapping;
  readonly #resource: ResourceLabels;
  readonly #streams: KnownStream[] = [];
  readonly #byDescriptor = new Map<Descriptor, KnownStream>();
  /** Those of one scope that are alike in everything, mostly one. */
  readonly #byKey = new Map<string, KnownStream[]>();
  readonly #byName = new Map<string, Family>();
  #collection = 0;
  #report: FaultReporter = () => {};

  constructor(mapping: Mapping) {
    this.#mapping = mapping;
    this.#resource = new ResourceLabels(mapping);
  }

  /** Takes a collection; yields where it may pause. It is served when it has been taken as a whole. */
  *take(
    { attributes, own, foreign }: Collection,
    report: FaultReporter,
  ): Generator<undefined, void, undefined> {
    this.#report = report;
    this.#collection++;
    this.#takeResource(attributes);
    const unknown = [...this.#takeKnown(own)].map((metric) => ({ ...metric, isForeign: false }));
    for (const metric of this.#takeKnown(foreign)) unknown.push({ ...metric, isForeign: true });
    for (const { scope, metric, isForeign } of unknown) {
      const known = this.#find(scope, metric) ?? this.#add(scope, metric, isForeign);
      known.stream.take(metric.dataPoints, this.#collection);
    }
    for (const { stream } of this.#streams) if (!stream.isIn(this.#collection)) stream.leaveOut();
    for (const family of this.#byName.values()) yield* family.grow();
    this.#publish();
  }

  /** Takes the metrics of instruments that are known by their descriptors; yields the others. */
  *#takeKnown(
    scopes: readonly ScopeMetrics[],
  ): Generator<{ scope: Scope; metric: MetricData }, void, undefined> {
    for (const { scope, metrics } of scopes) {
      for (const metric of metrics) {
        const stream = this.#byDescriptor.get(metric.descriptor)?.stream;
        if (!stream?.accepts(metric, this.#collection)) yield { scope, metric };
        else stream.take(metric.dataPoints, this.#collection);
      }
    }
  }

  #takeResource(attributes: Attributes): void {
    const { target, constant } = this.#resource;
    this.#resource.update(attributes);
    if (this.#resource.constant !== constant) {
      for (const known of this.#streams) known.stream.reset(this.#sourcesOf(known));
    }
    if (this.#resource.target !== target) this.#relist();
  }

  /** Finds the stream of an instrument that has another descriptor than before, and gives it this one. */
  #find(scope: Scope, metric: MetricData): KnownStream | undefined {
    const alike = this.#byKey.get(keyOf(scope, metric)) ?? [];
    const known = alike.find(({ stream }) => stream.accepts(metric, this.#collection));
    if (known === undefined) return undefined;
    const { stream } = known;
    if (this.#byDescriptor.get(stream.descriptor) === known) {
      this.#byDescriptor.delete(stream.descriptor);
    }
    stream.descriptor = metric.descriptor;
    this.#byDescriptor.set(stream.descriptor, known);
    return known;
  }

  #add(scope: Scope, metric: MetricData, isForeign: boolean): KnownStream {
    const { name, family, faults } = this.#place(scope, metric);
    const kind = kindOf(metric);
    const isHistogram = kind === HISTOGRAM || kind === EXPONENTIAL_HISTOGRAM;
    const sources = this.#sourcesOf({ scope, isHistogram });
    const stream = new Stream(metric, sources);
    family?.add(stream, sources.scope, isForeign);
    const known = { stream, key: keyOf(scope, metric), scope, isHistogram, family, name, faults };
    this.#streams.push(known);
    this.#byDescriptor.set(metric.descriptor, known);
    this.#byKey.set(known.key, [...(this.#byKey.get(known.key) ?? []), known]);
    return known;
  }

  /** Finds the family of a new stream, or makes one; without a family it is dropped. */
  #place(scope: Scope, metric: MetricData): Pick<KnownStream, "name" | "family" | "faults"> {
    const { descriptor } = metric;
    const kind = kindOf(metric);
    const dropped = (fault: string, name = descriptor.name) => ({
      name,
      family: undefined,
      faults: [fault],
    });
    if (kind === undefined) return dropped("its points are of an unknown type");
    const { translation, hasClassicBuckets } = this.#mapping;
    const unitText = descriptor.unit ?? "";
    const translated = translateName(descriptor.name, unitText, kind.instrument, translation);
    if (translated === undefined) return dropped("no legal character is left of its name");
    const { name, unit } = translated;
    // Sums, Histograms: delta temporality MUST be accumulated or dropped.
    if (isDelta(metric))
      return dropped("delta temporality: only cumulative points are served", name);
    const of = `of scope "${scope.name}"`;
    if (name === TARGET_INFO && this.#resource.target !== undefined) {
      return dropped(`type conflict: a ${kind.text} ${of} has the name of an info`, name);
    }
    const first = this.#byName.get(name);
    if (first === undefined) {
      const onFault = (reason: string) => this.#report(name, reason);
      const family = new Family({ name, unit, kind, descriptor, hasClassicBuckets, onFault });
      this.#byName.set(name, family);
      this.#relist();
      return { name, family, faults: [] };
    }
    if (!areOneType(first.kind, kind)) {
      return dropped(
        `type conflict: a ${kind.text} ${of} has the name of a ${first.kind.text}`,
        name,
      );
    }
    return { name, family: first, faults: [...conflicts(first.descriptor, descriptor, of)] };
  }

  #sourcesOf({ scope, isHistogram }: Pick<KnownStream, "scope" | "isHistogram">): LabelSources {
    const { translation, hasScopeInfo } = this.#mapping;
    const { escapes } = translation;
    return {
      escapes,
      isHistogram,
      scope: hasScopeInfo ? scopeLabelsOf(scope, escapes) : [],
      constant: this.#resource.constant,
    };
  }

  #publish(): void {
    for (const { stream, name, faults, family } of this.#streams) {
      if (family !== undefined) stream.publish();
      if (!stream.isIn(this.#collection)) continue;
      for (const fault of faults) this.#report(name, fault);
      for (const fault of stream.faults()) this.#report(name, fault);
    }
    for (const [name, family] of this.#byName) {
      for (const fault of family.faults()) this.#report(name, fault);
    }
  }

  #relist(): void {
    const { target } = this.#resource;
    const families: MetricFamily[] = target === undefined ? [] : [target];
    for (const [name, { family }] of this.#byName) if (name !== target?.name) families.push(family);
    this.list = Object.freeze(families);
  }
}

/** HELP and UNIT conflicts SHOULD be told; the points are served, with what came first. */
function* conflicts(
  first: Descriptor,
  later: Descriptor,
  of: string,
): Generator<string, void, undefined> {
  if (later.description !== first.description)
    yield `help conflict: not that ${of}; kept the first`;
  if (later.unit !== first.unit) yield `unit conflict: not that ${of}; kept the first`;
}

function keyOf({ name, version, schemaUrl, attributes }: Scope, metric: MetricData): string {
  const { descriptor, dataPointType, isMonotonic } = metric;
  const { name: instrument, unit } = descriptor;
  // Attributes may be anything, and what makes their text never throws.
  const scope = [name, version, schemaUrl, labelValueOf(attributes)];
  return JSON.stringify([...scope, instrument, unit, dataPointType, isMonotonic]);
}
