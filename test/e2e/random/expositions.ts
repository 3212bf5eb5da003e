import fc from "fast-check";
import type {
  Exemplar,
  HistogramMetric,
  Labels,
  Metric,
  MetricFamily,
  NativeHistogram,
  SummaryMetric,
  ValueMetric,
} from "../../../src/model/metric-family.ts";
import { codePoints } from "../../helpers/code-points.ts";

/** The families of one exposition, as a careless gatherer may yield them. */
export interface RandomExposition {
  readonly families: readonly MetricFamily[];
  /**
   * Whether all values are legal in OpenMetrics. Others are served unchanged, and a strict parser rejects
   * them: a negative counter, for instance.
   */
  readonly isLawful: boolean;
}

/** Makes expositions of names, labels, texts and numbers of every kind; a seed always makes the same. */
export function randomExpositions(count: number, seed: number): RandomExposition[] {
  const lawful = familiesOf(true).map((families) => ({ families, isLawful: true }));
  const lawless = familiesOf(false).map((families) => ({ families, isLawful: false }));
  const weighted = fc.oneof({ weight: 3, arbitrary: lawful }, { weight: 1, arbitrary: lawless });
  return fc.sample(weighted, { numRuns: count, seed });
}

const CHARACTERS = [
  ..."\0\x01\t\n\r\x1f\x7f\u0085\u00a0\u2028\ufeff\ufffd",
  ..."\"\\{},=#' .:_-/%+",
  ..."aZ09éß漢😀",
  "\ud800",
  "\udc00",
  "\\n",
  '\\"',
  " # {",
  '"} 1',
  "# EOF\n",
  "# TYPE a counter\n",
];

const texts = fc.oneof(
  fc.constantFrom("", "a", "b", "+Inf", "NaN", "1", "1.0"),
  fc.array(fc.constantFrom(...CHARACTERS), { maxLength: 8 }).map((parts) => parts.join("")),
  fc.string({ unit: codePoints, maxLength: 8 }),
  fc.constantFrom("long ".repeat(100), "😀".repeat(130)),
);

const STEMS = [
  "x",
  "x",
  "a_b",
  "a.b",
  "a-b",
  "http.request",
  "9",
  "_",
  "é",
  "😀",
  "a\0b",
  "a\ud800",
];
const SUFFIXES = [
  ...["", "", "", "_total", "_info", "_created", "_bucket", "_count", "_sum", "_gcount", "_gsum"],
  ...[".total", ".count", ".sum", "_seconds", "_seconds_total", "_total_total", "_info_info"],
];

const familyNames = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...STEMS), fc.constantFrom(...SUFFIXES))
      .map(([stem, suffix]) => stem + suffix),
  },
  { weight: 1, arbitrary: texts.filter((text) => text !== "") },
);

const labelNames = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("a", "b", "c") },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...["a_b", "a.b", "a-b", "a:b", "le", "quantile", "__name__", "9", "_", "", "é", "\0", "a\0"],
      ...["__le", "l.e", "x", "x_info", "toString", "constructor"],
    ),
  },
  { weight: 1, arbitrary: texts },
);

const labelValues = fc.oneof(
  { weight: 6, arbitrary: texts },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, undefined, 0, -0, 1.5, true, 10n, []) },
);

const labelSets: fc.Arbitrary<Labels> = fc
  .array(fc.tuple(labelNames, labelValues), { maxLength: 4 })
  .map((pairs) => Object.fromEntries(pairs));

/** Recent, because Prometheus rejects samples that are older than its head. */
const recentTimes = fc.nat({ max: 60_000 }).map((ago) => Date.now() - ago);
const times = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: recentTimes },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, -1, Number.POSITIVE_INFINITY) },
);

const ODD_NUMBERS = [
  ...[0, -0, 1, -1, 0.1, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 2 ** 53, 2 ** 64],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
];
const numbers = fc.oneof(fc.constantFrom(...ODD_NUMBERS), fc.double());
const counts = fc.oneof(fc.nat({ max: 9 }), fc.nat({ max: 2 ** 31 }));

const exemplars: fc.Arbitrary<Exemplar> = fc.record({
  labels: labelSets,
  value: numbers,
  timestampMs: fc.oneof(times, numbers),
});
const maybeExemplars = fc.option(exemplars, { nil: undefined });

const common = { labels: labelSets, timestampMs: times, startTimestampMs: times };

/** Numbers that a counter, or the sum of a histogram, may have in OpenMetrics. */
const amounts = numbers.map((number) => (Number.isNaN(number) ? 0 : Math.abs(number)));
const unknownOr = (known: fc.Arbitrary<number>) =>
  fc.oneof({ weight: 4, arbitrary: known }, { weight: 1, arbitrary: fc.constant(Number.NaN) });

function values(value: fc.Arbitrary<number>): fc.Arbitrary<ValueMetric[]> {
  return metricsOf(fc.record({ ...common, value, exemplar: maybeExemplars }));
}

/** Any that a client of the library might pass: unsorted, repeated, not even numbers. */
const bounds = (one: fc.Arbitrary<number>) =>
  fc.oneof(
    {
      weight: 2,
      arbitrary: fc.uniqueArray(one, { maxLength: 4 }).map((list) => list.sort((a, b) => a - b)),
    },
    { weight: 1, arbitrary: fc.array(one, { maxLength: 4 }) },
  );

function histograms(isLawful: boolean): fc.Arbitrary<HistogramMetric[]> {
  const count = isLawful ? unknownOr(counts) : numbers;
  const metric = fc
    .record({
      ...common,
      count,
      sum: unknownOr(isLawful ? amounts : numbers),
      // Below zero a sum is forbidden, and served all the same.
      upperBounds: bounds(
        isLawful ? numbers.map((bound) => (bound < 0 ? -1 / bound : bound)) : numbers,
      ),
      cumulativeCounts: fc.array(count, { maxLength: 4 }),
      exemplars: fc.option(fc.array(fc.option(exemplars), { maxLength: 5 }), { nil: undefined }),
    })
    .map((made) => (made.exemplars === undefined ? omit(made, "exemplars") : made));
  // Prometheus takes one with a time and a sum of `NaN` that it scrapes twice for two.
  const natives = fc.array(fc.tuple(metric, nativeHistograms)).map((pairs) =>
    pairs.map(([classic, native]) => {
      const count = totalOf(native);
      return { ...classic, count, native, timestampMs: undefined };
    }),
  );
  return fc.oneof({ weight: 4, arbitrary: metricsOf(metric) }, { weight: 1, arbitrary: natives });
}

function omit<T extends object, K extends keyof T>(from: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = from;
  return rest;
}

const nativeHistograms: fc.Arbitrary<NativeHistogram> = fc
  .record({
    schema: fc.integer({ min: -4, max: 8 }),
    zeroThreshold: fc.constantFrom(0, 2 ** -128, 0.5),
    zeroCount: fc.nat({ max: 9 }),
    positiveCounts: fc.array(fc.nat({ max: 9 }), { maxLength: 4 }),
    offset: fc.integer({ min: -50, max: 50 }),
  })
  .map(({ offset, ...native }) => ({
    ...native,
    positiveSpans: [{ offset, length: native.positiveCounts.length }],
  }));

function totalOf({ zeroCount, positiveCounts }: NativeHistogram): number {
  return Array.from(positiveCounts).reduce((sum, count) => sum + count, zeroCount);
}

function summaries(isLawful: boolean): fc.Arbitrary<SummaryMetric[]> {
  return metricsOf(
    fc.record({
      ...common,
      count: unknownOr(isLawful ? counts : numbers),
      sum: unknownOr(isLawful ? amounts : numbers),
      quantiles: bounds(fc.constantFrom(0, 0.5, 0.9, 1, -0, -1, 1.1, Number.NaN, 1e-7)),
      quantileValues: fc.array(isLawful ? unknownOr(amounts) : numbers, { maxLength: 4 }),
    }),
  );
}

function metricsOf<T extends Metric>(metric: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(metric, { maxLength: 5 });
}

/** Mostly one label with the name of the family, as the states of a state set have it. */
function stateSets(name: string): fc.Arbitrary<ValueMetric[]> {
  const metric = fc
    .record({
      labels: fc.oneof(fc.constant({}), fc.record({ e: fc.constantFrom("1", "2") }), labelSets),
      state: fc.option(fc.constantFrom("on", "off", "idle", ""), { freq: 9, nil: undefined }),
      value: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(0, 1) },
        { weight: 1, arbitrary: numbers },
      ),
      timestampMs: times,
    })
    .map(({ state, labels, ...rest }) => ({
      ...rest,
      labels: state === undefined ? labels : { ...labels, [name]: state },
    }));
  return fc.array(metric, { maxLength: 6 });
}

function familiesOf(isLawful: boolean): fc.Arbitrary<MetricFamily[]> {
  const heading = fc.record({
    name: familyNames,
    help: texts,
    unit: fc.oneof(fc.constantFrom(undefined, "seconds", "total", "", "a\n"), texts),
  });
  const family = heading.chain((head): fc.Arbitrary<MetricFamily> => {
    const one = <T extends MetricFamily["type"], M>(type: T, metrics: fc.Arbitrary<M>) =>
      metrics.map((list) => ({
        ...head,
        type,
        metrics: list,
      })) as unknown as fc.Arbitrary<MetricFamily>;
    return fc.oneof(
      one("counter", values(isLawful ? amounts : numbers)),
      one("gauge", values(numbers)),
      one("unknown", values(numbers)),
      one("info", values(fc.constantFrom(1, 1, 1, 0, 2))),
      one("stateset", stateSets(head.name)),
      one("histogram", histograms(isLawful)),
      one("gaugehistogram", histograms(isLawful)),
      one("summary", summaries(isLawful)),
    );
  });
  return fc.array(family, { minLength: 1, maxLength: 6 });
}
