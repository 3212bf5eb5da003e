import fc from "fast-check";
import { codePoints } from "../code-points.ts";
import {
  type ClientLibrary,
  type LibraryMetric,
  type LibraryRegistry,
  OPENMETRICS_TYPE,
} from "./libraries.ts";

const TYPES = ["Counter", "Gauge", "Histogram", "Summary"] as const;
const LABEL_NAMES = ["a", "b2"];

const NASTY = ['"', "\\", "\n", '\\"', "{", "}", ",", "=", " ", "é", "😀", "\0", "__proto__", ""];
// Mostly one of a few, so that label sets come again.
const text = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("x", "y") },
  { weight: 3, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 1, arbitrary: fc.string({ unit: codePoints, maxLength: 6 }) },
);
const labelValue = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 3 }) },
);
const number = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.double(),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0),
);

/** Something that an application does to its metrics, by their numbers. */
export type Churn =
  | {
      readonly kind: "observe";
      readonly metric: number;
      readonly values: readonly unknown[];
      readonly value: number;
      readonly hasExemplar: boolean;
    }
  | { readonly kind: "remove"; readonly metric: number; readonly child: number }
  | { readonly kind: "reset"; readonly metric: number }
  | { readonly kind: "defaults"; readonly labels: object }
  | { readonly kind: "resetAll" }
  | {
      readonly kind: "replace";
      readonly metric: number;
      readonly help: string;
      readonly type: (typeof TYPES)[number];
    };

/** Anything that an application may do to its metrics. */
export const churn: fc.Arbitrary<Churn> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("observe" as const),
      metric: fc.nat(5),
      values: fc.tuple(labelValue, labelValue),
      value: number,
      hasExemplar: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("remove" as const),
      metric: fc.nat(5),
      child: fc.nat(8),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("reset" as const), metric: fc.nat(5) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("defaults" as const),
      labels: fc.dictionary(fc.constantFrom("a", "app"), labelValue, { maxKeys: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "resetAll" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("replace" as const),
      metric: fc.nat(5),
      help: text,
      type: fc.constantFrom(...TYPES),
    }),
  },
);
/** A registry, with what an application does to it. */
export class ChurningRegistry {
  readonly registry: LibraryRegistry;
  readonly #library: ClientLibrary;
  readonly #hasExemplars: boolean;
  readonly #metrics: LibraryMetric[] = [];
  readonly #types: (typeof TYPES)[number][] = [];
  /** The label sets of each metric. */
  readonly #children: Map<string, object>[] = [];
  readonly #hasLabels: boolean[] = [];

  /**
   * @param registry What the metrics are registered in; it must be empty. One of OpenMetrics gets exemplars.
   * @default a new one
   */
  constructor(library: ClientLibrary, registry: LibraryRegistry = new library.Registry()) {
    this.#library = library;
    this.registry = registry;
    this.#hasExemplars = registry.contentType === OPENMETRICS_TYPE;
    for (const [index, type] of [...TYPES, "Gauge" as const, "Counter" as const].entries()) {
      this.#create(index, type, "h", index < TYPES.length);
    }
  }

  #create(index: number, type: (typeof TYPES)[number], help: string, hasLabels = true): void {
    this.#metrics[index] = new this.#library[type]({
      // OpenMetrics has no other name for a counter.
      name: type === "Counter" ? `m${index}_total` : `m${index}`,
      help: `<${help}>`,
      labelNames: hasLabels ? LABEL_NAMES : [],
      registers: [this.registry],
      buckets: [-1.5, 0, 1, 5],
      percentiles: [0.5, 0.9],
      enableExemplars: this.#hasExemplars && isExemplary(type),
    });
    this.#types[index] = type;
    this.#children[index] = new Map();
    this.#hasLabels[index] = hasLabels;
  }

  apply(step: Churn): void {
    if (step.kind === "defaults") {
      this.registry.setDefaultLabels(step.labels);
      return;
    }
    if (step.kind === "resetAll") {
      this.registry.resetMetrics();
      for (const children of this.#children) children.clear();
      return;
    }
    const metric = this.#metrics[step.metric] as LibraryMetric; // there are six
    const children = this.#children[step.metric] as Map<string, object>;
    if (step.kind === "reset") {
      metric.reset();
      children.clear();
    } else if (step.kind === "replace") {
      this.registry.removeSingleMetric(metric.name);
      this.#create(step.metric, step.type, step.help);
    } else if (step.kind === "remove") {
      const [key, labels] = [...children][step.child] ?? [];
      if (key === undefined) return;
      metric.remove(labels);
      children.delete(key);
    } else this.#observe(step.metric, step);
  }

  #observe(
    index: number,
    { values, value, hasExemplar }: Extract<Churn, { kind: "observe" }>,
  ): void {
    const metric = this.#metrics[index] as LibraryMetric;
    const type = this.#types[index];
    const hasLabels = this.#hasLabels[index];
    const labels = hasLabels
      ? Object.fromEntries(LABEL_NAMES.map((name, at) => [name, values[at]]))
      : {};
    // Only a gauge takes everything; the others throw.
    if (type !== "Gauge" && !Number.isFinite(value)) return;
    const exemplarLabels = hasExemplar ? { trace_id: `${value}` } : undefined;
    const takesOne = this.#hasExemplars && isExemplary(type);
    const given = (amount: number): [labels: unknown, amount?: number] =>
      takesOne ? [{ labels, value: amount, exemplarLabels }] : [labels, amount];
    if (type === "Gauge") metric.set(labels, value);
    else if (type === "Counter") metric.inc(...given(Math.abs(value)));
    else metric.observe(...given(value));
    if (hasLabels) this.#children[index]?.set(JSON.stringify(labels), labels);
  }
}

function isExemplary(type: string | undefined): boolean {
  return type === "Counter" || type === "Histogram";
}
