import type { Attributes, AttributeValue, Meter } from "@opentelemetry/api";
import { InstrumentType, MeterProvider } from "@opentelemetry/sdk-metrics";
import fc from "fast-check";
import type {
  CollectionResult,
  DataPoint,
  ScopeMetrics,
} from "../../src/gatherers/opentelemetry/collected.ts";
import { PrometheusReader } from "../../src/gatherers/opentelemetry/reader.ts";

/** The histograms of the second are exponential. */
const SCOPES = ["a", "b.é"] as const;

const CREATORS = [
  "createCounter",
  "createUpDownCounter",
  "createGauge",
  "createHistogram",
  "createObservableCounter",
  "createObservableUpDownCounter",
  "createObservableGauge",
] as const;

/** An instrument, and the method that creates it. */
export interface Instrument {
  readonly scope: string;
  readonly create: (typeof CREATORS)[number];
  readonly name: string;
  readonly unit: string;
  readonly description: string;
}

/** A number that the application records. */
export interface Recording {
  /** The index of the instrument and that of the label set; beyond the last they begin again. */
  readonly instrument: number;
  readonly set: number;
  readonly value: number;
  /** Whether it first changes the label set, an object that it records with again and again. */
  readonly isChanged: boolean;
}

/** What an application does before a scrape. */
export interface Round {
  readonly instruments: readonly Instrument[];
  readonly recordings: readonly Recording[];
}

/** What an application is, and does. */
export interface ApplicationShape {
  /** Whether its points have the exemplars that no released SDK has. */
  readonly hasExemplars: boolean;
  readonly resource: Attributes;
  /** The label sets that it records with. */
  readonly sets: readonly Attributes[];
  readonly rounds: readonly Round[];
}

/** Of so few characters that names, and what they are translated to, are often the same. */
const text = fc.string({ unit: fc.constantFrom(..."a_./1é"), maxLength: 4 });

const key = fc.oneof(
  { weight: 8, arbitrary: text },
  { weight: 1, arbitrary: fc.constantFrom("le", "quantile", "otel.scope.name", "__name__") },
);
const attributeValue = fc.constantFrom<AttributeValue | undefined>(
  ...["a", "", 'é\n"\\', 1, true, Number.NaN, ["a", null], undefined],
);
const attributes = fc.dictionary(key, attributeValue, { maxKeys: 3 });

const instrument: fc.Arbitrary<Instrument> = fc.record({
  scope: fc.constantFrom(...SCOPES),
  create: fc.constantFrom(...CREATORS),
  name: fc.oneof(
    { weight: 8, arbitrary: text },
    { weight: 2, arbitrary: fc.constantFrom("target.info", "a_total", "a.count", "a_bucket") },
  ),
  unit: fc.constantFrom("", "1", "s", "By", "{a}/s", "a", "é"),
  description: fc.constantFrom("", "one", "two\n"),
});

const recording: fc.Arbitrary<Recording> = fc.record({
  instrument: fc.nat(20),
  set: fc.nat(20),
  value: fc.oneof(
    fc.double({ min: 0, max: 1e3, noNaN: true }),
    fc.nat(20),
    fc.constantFrom(1e300, 1e-300, 1e100, 1e-30, 2 ** 40),
  ),
  isChanged: fc.nat(9).map((number) => number === 9),
});

/** Any application. */
export const applications: fc.Arbitrary<ApplicationShape> = fc.record({
  hasExemplars: fc.boolean(),
  resource: attributes,
  sets: fc.array(attributes, { minLength: 1, maxLength: 6 }),
  rounds: fc.array(
    fc.record({
      instruments: fc.array(instrument, { maxLength: 6 }),
      recordings: fc.array(recording, { maxLength: 20 }),
    }),
    { minLength: 3, maxLength: 4 },
  ),
});

/** An application of OpenTelemetry that runs. */
export interface Application {
  /** Creates the instruments of a round, and records with all that it has. */
  run(round: Round): void;
  /** Collects its metrics once. */
  collect(): Promise<CollectionResult>;
}

/** Starts an application. */
export function startApplication(shape: ApplicationShape): Application {
  const reader = new PrometheusReader();
  const view = {
    instrumentType: InstrumentType.HISTOGRAM,
    meterName: SCOPES[1],
    aggregation: { type: 5, options: { maxSize: 160 } },
  } as const;
  const provider = new MeterProvider({ readers: [reader], views: [view] });
  const records: ((value: number, set: Attributes) => void)[] = [];
  // The application changes them.
  const sets = shape.sets.map((set) => ({ ...set }));
  const resource = { attributes: { ...shape.resource } };
  return {
    run({ instruments, recordings }) {
      for (const made of instruments) records.push(recorderOf(provider.getMeter(made.scope), made));
      for (const { instrument, set: index, value, isChanged } of recordings) {
        const set = sets[index % sets.length] ?? {};
        if (isChanged) set["a"] = value;
        records[instrument % records.length]?.(value, set);
      }
    },
    async collect() {
      const { resourceMetrics, errors } = await reader.collect();
      const { scopeMetrics } = resourceMetrics;
      return {
        resourceMetrics: {
          resource,
          scopeMetrics: shape.hasExemplars ? withExemplars(scopeMetrics) : scopeMetrics,
        },
        errors,
      };
    },
  };
}

function withExemplars(scopes: readonly ScopeMetrics[]): readonly ScopeMetrics[] {
  const addTo = (point: DataPoint): DataPoint => {
    const exemplar = { value: 1, timestamp: point.startTime, traceId: "t" };
    const second = { ...exemplar, filteredAttributes: point.attributes };
    return { ...point, exemplars: [exemplar, second] };
  };
  return scopes.map(({ scope, metrics }) => ({
    scope,
    metrics: metrics.map((metric) => ({ ...metric, dataPoints: metric.dataPoints.map(addTo) })),
  }));
}

/** Creates an instrument, and returns what counts with it. */
function recorderOf(
  meter: Meter,
  { name, create, ...settings }: Instrument,
): (value: number, set: Attributes) => void {
  switch (create) {
    case "createCounter": {
      const counter = meter.createCounter(name, settings);
      return (value, set) => counter.add(value, set);
    }
    case "createUpDownCounter": {
      const counter = meter.createUpDownCounter(name, settings);
      return (value, set) => counter.add(value - 10, set);
    }
    case "createGauge":
    case "createHistogram": {
      const instrument = meter[create](name, settings);
      return (value, set) => instrument.record(value, set);
    }
    default: {
      const observed = new Map<Attributes, number>();
      meter[create](name, settings).addCallback((result) => {
        for (const [set, value] of observed) result.observe(value, set);
      });
      return (value, set) => observed.set(set, value + (observed.get(set) ?? 0));
    }
  }
}
