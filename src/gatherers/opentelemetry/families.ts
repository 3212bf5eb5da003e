import type { FaultReporter } from "../../model/gatherer.ts";
import type { MetricFamily } from "../../model/metric-family.ts";
import type { Attributes, Descriptor, MetricData, Scope, ScopeMetrics } from "./collected.ts";
import { Family, type FamilyHeading } from "./family.ts";
import { type KnownStream, KnownStreams, type Stranger } from "./known-streams.ts";
import type { Mapping } from "./mapping-rules.ts";
import { scopeLabelsOf } from "./naming/extra-labels.ts";
import type { LabelSources } from "./naming/label-maker.ts";
import { type InstrumentKind, translateName } from "./naming/metric-name.ts";
import { unitWord } from "./naming/unit-word.ts";
import { legibleMetrics } from "./points/legible-metrics.ts";
import { ResourceLabels, TARGET_INFO } from "./resource.ts";
import { Stream } from "./stream.ts";
import { areOneType, isDelta, kindOf } from "./stream-kind.ts";

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
  readonly #streams = new KnownStreams();
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
    const strangers = [...this.#takeKnown(own, false), ...this.#takeKnown(foreign, true)];
    for (const stranger of strangers) {
      const known = this.#streams.adopt(stranger, this.#collection) ?? this.#add(stranger);
      known.stream.take(stranger.metric.dataPoints, this.#collection);
    }
    for (const { stream } of this.#streams.all) {
      if (!stream.isIn(this.#collection)) stream.leaveOut();
    }
    for (const family of this.#byName.values()) yield* family.grow();
    this.#publish();
  }

  /** Takes the metrics of instruments that are known by their descriptors; yields the others. */
  *#takeKnown(
    scopes: readonly ScopeMetrics[],
    isForeign: boolean,
  ): Generator<Stranger, void, undefined> {
    for (const { scope, metric } of legibleMetrics(scopes, this.#report)) {
      const known = this.#streams.find(metric, this.#collection);
      if (known === undefined) yield { scope, metric, isForeign };
      else known.stream.take(metric.dataPoints, this.#collection);
    }
  }

  #takeResource(attributes: Attributes): void {
    const { target, constant } = this.#resource;
    this.#resource.update(attributes);
    if (this.#resource.constant !== constant) {
      for (const known of this.#streams.all) known.stream.reset(this.#sourcesOf(known));
    }
    if (this.#resource.target !== target) this.#relist();
  }

  #add({ scope, metric, isForeign }: Stranger): KnownStream {
    const place = this.#place(scope, metric);
    const sources = this.#sourcesOf({ scope, family: place.family });
    const stream = new Stream(metric, sources);
    place.family?.add(stream, sources.scope, isForeign);
    const known = { stream, scope, ...place };
    this.#streams.add(known, metric);
    return known;
  }

  /** Finds the family of a new stream, or makes one; without a family it is dropped. */
  #place(scope: Scope, metric: MetricData): Place {
    const { descriptor } = metric;
    const kind = kindOf(metric);
    if (kind === undefined) return dropped(descriptor.name, "its points are of an unknown type");
    const { translation, namesByInstrument } = this.#mapping;
    const ownUnit = descriptor.unit ?? "";
    const instrument = namesByInstrument ? createdAs(descriptor) : kind.instrument;
    const translated = translateName(descriptor.name, ownUnit, instrument, translation);
    if (translated === undefined) return dropped(descriptor.name, "no legal name is left of it");
    const { name, unit } = translated;
    if (isDelta(metric)) return dropped(name, DELTA);
    const of = `of scope "${scope.name}"`;
    const isTarget = name === TARGET_INFO && this.#resource.target !== undefined;
    const first = isTarget ? undefined : this.#byName.get(name);
    if (isTarget || (first !== undefined && !areOneType(first.kind, kind))) {
      const other = first?.kind.text ?? "info";
      return dropped(name, `type conflict: the ${kind.text} ${of} has the name of the ${other}`);
    }
    // Names without units bring series of different units together. Those without a word are one.
    const heading = {
      help: descriptor.description ?? "",
      unit: translation.hasUnits ? unit : unitWord(ownUnit, false),
    };
    const family = first ?? this.#create({ ...heading, name, suffix: unit, kind });
    return { name, family, faults: family.conflictsWith(heading).map((fault) => `${fault} ${of}`) };
  }

  #create(heading: FamilyHeading): Family {
    const { name } = heading;
    const { hasClassicBuckets } = this.#mapping;
    const onFault = (reason: string) => this.#report(name, reason);
    const family = new Family(heading, { hasClassicBuckets, onFault });
    this.#byName.set(name, family);
    this.#relist();
    return family;
  }

  #sourcesOf({ scope, family }: Pick<KnownStream, "scope" | "family">): LabelSources {
    const { translation, hasScopeInfo } = this.#mapping;
    const { escapes } = translation;
    return {
      escapes,
      isHistogram: family?.kind.type === "histogram",
      scope: hasScopeInfo ? scopeLabelsOf(scope, escapes) : [],
      constant: this.#resource.constant,
    };
  }

  #publish(): void {
    for (const { stream, name, faults, family } of this.#streams.all) {
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

/** What names an instrument where its points do not: an observable counter is not a counter there. */
function createdAs({ type }: Descriptor): InstrumentKind {
  return type === "COUNTER" ? "counter" : "other";
}

type Place = Pick<KnownStream, "name" | "family" | "faults">;

function dropped(name: string, fault: string): Place {
  return { name, family: undefined, faults: [fault] };
}

/** Sums, Histograms: such points MUST be accumulated or dropped. */
const DELTA = "delta temporality: only cumulative points are served";
