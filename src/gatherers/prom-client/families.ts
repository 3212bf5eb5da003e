import type { FaultReporter } from "../../model/gatherer.ts";
import { haveSameElements } from "../../model/identity.ts";
import type { Labels, MetricFamily } from "../../model/metric-family.ts";
import type { KnownMetric } from "./known-metrics.ts";
import type { readSnapshot, SnapshotContext } from "./read-snapshot.ts";
import {
  type MetricSnapshot,
  type RegistryInternals,
  type RegistryMetric,
  typeOf,
} from "./registry.ts";
import { type StoreContext, storeMetrics } from "./store.ts";

/** The results of `get()`, for metrics whose store is not read directly. */
export interface Snapshots {
  readonly byMetric: ReadonlyMap<KnownMetric, MetricSnapshot>;
  /** Makes families of one; loaded for the first. */
  readonly read: typeof readSnapshot;
}

interface Heading {
  readonly name: string;
  readonly help: string;
}

/**
 * Makes metric families of a registry's metrics.
 *
 * A metric that is read from its store keeps its family object while its name, its help and the
 * default labels stay the same. So an encoder can cache what it made of it.
 */
export class RegistryFamilies {
  readonly #registry: RegistryInternals;
  #defaultLabels: Labels = {};
  #report: FaultReporter = () => {};
  /** The last list; the same object means that nothing has changed. */
  #families: readonly MetricFamily[] = [];
  /** The metrics that it was made of; `undefined` if it must be made again. */
  #metrics: readonly KnownMetric[] | undefined;

  constructor(registry: RegistryInternals) {
    this.#registry = registry;
  }

  /** Makes the families of `metrics`. Values are read later, while the families are. */
  of(
    metrics: readonly KnownMetric[],
    snapshots: Snapshots | undefined,
    report: FaultReporter,
  ): readonly MetricFamily[] {
    this.#report = report;
    const isUnchanged =
      this.#hasSameLabels() && snapshots === undefined && metrics === this.#metrics;
    if (!isUnchanged) this.#make(metrics, snapshots);
    return this.#families;
  }

  #make(metrics: readonly KnownMetric[], snapshots: Snapshots | undefined): void {
    let hasFault = false;
    const report: FaultReporter = (...fault) => {
      hasFault = true;
      this.#report(...fault);
    };
    const families: MetricFamily[] = [];
    for (const metric of metrics) {
      const snapshot = snapshots?.byMetric.get(metric);
      if (snapshots !== undefined && snapshot !== undefined) {
        const context = this.#snapshotContext(metric, snapshot, report);
        if (context !== undefined) families.push(...snapshots.read(snapshot, context));
      } else {
        const family = this.#familyOf(metric, report);
        if (family !== undefined) families.push(family);
      }
    }
    if (!haveSameElements(families, this.#families)) this.#families = Object.freeze(families);
    // A fault is reported at every scrape, and a snapshot belongs to one scrape.
    this.#metrics = hasFault || snapshots !== undefined ? undefined : metrics;
  }

  /** Whether the default labels are those of the last scrape; remembers the current ones. */
  #hasSameLabels(): boolean {
    const defaultLabels = this.#registry._defaultLabels ?? {};
    if (haveSameEntries(defaultLabels, this.#defaultLabels)) return true;
    this.#defaultLabels = { ...defaultLabels };
    return false;
  }

  #familyOf(known: KnownMetric, report: FaultReporter): MetricFamily | undefined {
    const { name, metric } = known;
    if (!isName(name, report)) return undefined;
    const help = toHelp(name, metric.help, report);
    const isCurrent = known.defaultLabels === this.#defaultLabels && known.family?.help === help;
    if (!isCurrent) {
      known.family = this.#storeFamily({ name, help }, metric);
      known.defaultLabels = this.#defaultLabels;
    }
    return known.family;
  }

  #storeFamily(heading: Heading, metric: RegistryMetric): MetricFamily {
    const context: StoreContext = {
      merge: labelMerger(this.#defaultLabels),
      onDuplicate: () => this.#report(heading.name, "two metrics share one labels object"),
    };
    // `hasKnownStore()` has checked the type, which decides what `storeMetrics()` yields.
    return {
      ...heading,
      type: typeOf(metric),
      aggregator: metric.aggregator,
      hasUniqueLabels: hasUniqueLabels(metric, this.#defaultLabels),
      metrics: storeMetrics(metric, context),
    } as MetricFamily;
  }

  /** What reading the result of `get()` needs; where both have a name or a help, the object wins. */
  #snapshotContext(
    { name: ownName, metric }: KnownMetric,
    snapshot: MetricSnapshot,
    report: FaultReporter,
  ): SnapshotContext | undefined {
    const name = ownName ?? snapshot.name;
    if (!isName(name, report)) return undefined;
    return {
      name,
      help: toHelp(name, metric.help ?? snapshot.help, report),
      type: snapshot.type ?? typeOf(metric),
      aggregator: metric.aggregator ?? snapshot.aggregator,
      merge: labelMerger(this.#defaultLabels),
      report: (reason) => report(name, reason),
    };
  }
}

/** The application may have given any name. */
function isName(name: unknown, report: FaultReporter): name is string {
  if (typeof name === "string" && name !== "") return true;
  report(String(name), "the name of a metric is not a string");
  return false;
}

function toHelp(name: string, help: unknown, report: FaultReporter): string {
  if (typeof help === "string") return help;
  if (help === undefined || help === null) return "";
  report(name, "the help is not a string");
  return "";
}

/** A metric's own label overrides the default label of that name, unless it is null or undefined. */
function labelMerger(defaultLabels: Labels): (labels: Labels) => Labels {
  const names = Object.keys(defaultLabels);
  if (names.length === 0) return (labels) => labels;
  return (labels) => {
    const merged: Record<string, unknown> = { ...labels };
    for (const name of names) merged[name] ??= defaultLabels[name];
    return merged;
  };
}

/** The store has one child for each label set, which default labels of other names do not change. */
function hasUniqueLabels({ labelNames }: RegistryMetric, defaultLabels: Labels): boolean {
  return (
    Array.isArray(labelNames) && !labelNames.some((name) => Object.hasOwn(defaultLabels, name))
  );
}

function haveSameEntries(a: Labels, b: Labels): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && a[name] === b[name])
  );
}
