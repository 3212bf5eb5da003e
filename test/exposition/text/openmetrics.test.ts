import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpenMetricsEncoder } from "../../../src/exposition/text/openmetrics.ts";
import { createTextEncoder } from "../../../src/exposition/text/text.ts";
import type {
  Labels,
  MetricFamily,
  MetricType,
  ValueFamily,
} from "../../../src/model/metric-family.ts";
import type { EscapingScheme } from "../../../src/model/names.ts";
import { EVERY_TYPE } from "../../helpers/families.ts";
import { encodeFamilies, lines } from "../../helpers/scraping/encode-families.ts";

const EVERY_TYPE_AS_OPENMETRICS = lines(
  "# TYPE requests counter",
  '# HELP requests Requests,\\nby \\"path\\" \\\\ code.',
  'requests_total{path="/",code="200"} 1027 # {trace_id="KOO5"} 1 1520879607.789',
  "requests_total 3 1395066363",
  "# TYPE temperature_celsius gauge",
  "# UNIT temperature_celsius celsius",
  'temperature_celsius{room="a \\"b\\""} -3.5',
  "# TYPE mystery unknown",
  "# HELP mystery Who knows.",
  "mystery 7",
  "# TYPE build info",
  "# HELP build What runs.",
  'build_info{version="1.2"} 1',
  "# TYPE state stateset",
  'state{state="on"} 1',
  'state{state="off"} 0',
  "# TYPE latency_seconds histogram",
  "# UNIT latency_seconds seconds",
  "# HELP latency_seconds How long it took.",
  'latency_seconds_bucket{le="1e-05",path="/"} 0',
  'latency_seconds_bucket{le="1.0",path="/"} 2 # {trace_id="a"} 0.5 1520879607.789',
  'latency_seconds_bucket{le="1e+06",path="/"} 3',
  'latency_seconds_bucket{le="+Inf",path="/"} 4 # {} 2000000',
  'latency_seconds_count{path="/"} 4',
  'latency_seconds_sum{path="/"} 7.25',
  'latency_seconds_bucket{le="+Inf"} 0 1.5',
  "latency_seconds_count 0 1.5",
  "latency_seconds_sum 0 1.5",
  "# TYPE queue_age gaugehistogram",
  'queue_age_bucket{le="-1.0"} 2 # {} -2',
  'queue_age_bucket{le="+Inf"} 2',
  "queue_age_gcount 2",
  "queue_age_gsum -5",
  "# TYPE size_bytes summary",
  'size_bytes{quantile="0.0",a="b"} 1',
  'size_bytes{quantile="0.5",a="b"} 2',
  'size_bytes{quantile="1.0",a="b"} 4',
  'size_bytes_count{a="b"} 2',
  'size_bytes_sum{a="b"} 5',
  "size_bytes_count 0 1.5",
  "size_bytes_sum 0 1.5",
  "# EOF",
);

test("createOpenMetricsEncoder() writes every type, scrape after scrape", () => {
  const encoder = createOpenMetricsEncoder("underscores");
  for (let scrape = 0; scrape < 2; scrape++) {
    assert.deepEqual(encodeFamilies(encoder, EVERY_TYPE), {
      body: EVERY_TYPE_AS_OPENMETRICS,
      faults: [],
    });
  }
});

test("createOpenMetricsEncoder() ends an exposition without families", () => {
  assert.deepEqual(encodeFamilies(createOpenMetricsEncoder("underscores"), []), {
    body: "# EOF\n",
    faults: [],
  });
});

interface FamilyCase {
  readonly criterion: string;
  readonly families: readonly MetricFamily[];
  readonly body: string;
  readonly faults?: readonly string[];
  readonly scheme?: EscapingScheme;
}

const NONE: { labels: Labels; count: number; sum: number } = { labels: {}, count: 0, sum: 0 };

const CASES: readonly FamilyCase[] = [
  {
    criterion: "writes a counter without its suffix as unknown",
    families: [
      {
        ...valueFamily("requests", "counter"),
        metrics: [{ labels: {}, value: 1, exemplar: { labels: {}, value: 1 } }],
      },
    ],
    body: lines("# TYPE requests unknown", "requests 1", "# EOF"),
  },
  {
    criterion: "writes a clashing counter under its full name",
    families: [
      {
        ...valueFamily("x_seconds_total", "counter"),
        help: "X.",
        unit: "seconds",
        metrics: [{ labels: { a: 1 }, value: 1, exemplar: { labels: {}, value: 1 } }],
      },
      valueFamily("x_seconds", "gauge"),
    ],
    body: lines(
      "# TYPE x_seconds_total unknown",
      "# HELP x_seconds_total X.",
      'x_seconds_total{a="1"} 1',
      "# TYPE x_seconds gauge",
      "x_seconds 1",
      "# EOF",
    ),
  },
  {
    criterion: "skips the later of two families that clash",
    families: [
      {
        name: "h",
        help: "",
        type: "histogram",
        metrics: [{ ...NONE, upperBounds: [], cumulativeCounts: [] }],
      },
      valueFamily("h_count", "gauge"),
      valueFamily("a.b", "gauge"),
      valueFamily("a_b", "gauge"),
    ],
    body: lines(
      "# TYPE h histogram",
      'h_bucket{le="+Inf"} 0',
      "h_count 0",
      "h_sum 0",
      "# TYPE a_b gauge",
      "a_b 1",
      "# EOF",
    ),
    faults: [
      "a_b: another family is already called a_b",
      "h_count: OpenMetrics reserves the name h_count for another family",
    ],
  },
  {
    criterion: "writes an exemplar only after counters and buckets",
    families: (["gauge", "unknown", "info", "stateset"] as const).map((type) => ({
      ...valueFamily(`${type}_x`, type),
      metrics: [{ labels: { stateset_x: "on" }, value: 1, exemplar: { labels: {}, value: 1 } }],
    })),
    body: lines(
      "# TYPE gauge_x gauge",
      'gauge_x{stateset_x="on"} 1',
      "# TYPE unknown_x unknown",
      'unknown_x{stateset_x="on"} 1',
      "# TYPE info_x info",
      'info_x_info{stateset_x="on"} 1',
      "# TYPE stateset_x stateset",
      'stateset_x{stateset_x="on"} 1',
      "# EOF",
    ),
  },
  {
    criterion: "writes timestamps before exemplars",
    families: [
      {
        ...valueFamily("a_total", "counter"),
        metrics: [{ labels: {}, value: 1, timestampMs: 1500, exemplar: { labels: {}, value: 2 } }],
      },
      {
        name: "h",
        help: "",
        type: "histogram",
        metrics: [
          {
            ...NONE,
            timestampMs: 2500,
            upperBounds: [1],
            cumulativeCounts: [0],
            exemplars: [{ labels: {}, value: 1, timestampMs: 500 }],
          },
        ],
      },
    ],
    body: lines(
      "# TYPE a counter",
      "a_total 1 1.5 # {} 2",
      "# TYPE h histogram",
      'h_bucket{le="1.0"} 0 2.5 # {} 1 0.5',
      'h_bucket{le="+Inf"} 0 2.5',
      "h_count 0 2.5",
      "h_sum 0 2.5",
      "# EOF",
    ),
  },
  {
    criterion: "keeps a sample whose exemplar is not legal",
    families: [
      {
        ...valueFamily("a_total", "counter"),
        metrics: [
          { labels: {}, value: 1, exemplar: { labels: { "a.b": "c" }, value: 2 } },
          { labels: { n: 2 }, value: 1, exemplar: { labels: { a: "x".repeat(128) }, value: 2 } },
        ],
      },
    ],
    body: lines("# TYPE a counter", "a_total 1", 'a_total{n="2"} 1', "# EOF"),
  },
  {
    criterion: "writes values that OpenMetrics forbids as they are",
    families: [
      {
        ...valueFamily("a_total", "counter"),
        metrics: [
          { labels: { n: 1 }, value: -1 },
          { labels: { n: 2 }, value: Number.NaN },
        ],
      },
      {
        name: "h",
        help: "",
        type: "histogram",
        metrics: [{ labels: {}, count: 1.5, sum: -2, upperBounds: [-1], cumulativeCounts: [0.5] }],
      },
    ],
    body: lines(
      "# TYPE a counter",
      'a_total{n="1"} -1',
      'a_total{n="2"} NaN',
      "# TYPE h histogram",
      'h_bucket{le="-1.0"} 0.5',
      'h_bucket{le="+Inf"} 1.5',
      "h_count 1.5",
      "h_sum -2",
      "# EOF",
    ),
  },
  {
    criterion: "skips metrics whose values are not numbers",
    families: [
      { ...valueFamily("c_total", "counter"), metrics: [{ labels: {}, value: noNumber("1") }] },
      { ...valueFamily("g", "gauge"), metrics: [{ labels: {}, value: noNumber(null) }] },
      {
        name: "h",
        help: "",
        type: "histogram",
        metrics: [{ ...NONE, sum: noNumber("1"), upperBounds: [], cumulativeCounts: [] }],
      },
      {
        name: "s",
        help: "",
        type: "summary",
        metrics: [{ ...NONE, count: noNumber("1"), quantiles: [], quantileValues: [] }],
      },
    ],
    body: lines(
      "# TYPE c counter",
      "# TYPE g gauge",
      "# TYPE h histogram",
      "# TYPE s summary",
      "# EOF",
    ),
    faults: ["c_total", "g", "h", "s"].map((name) => `${name}: a value is not a number`),
  },
  {
    criterion: "writes le and quantile itself",
    families: [
      {
        name: "h",
        help: "",
        type: "histogram",
        metrics: [{ ...NONE, labels: { le: 9, a: 1 }, upperBounds: [5], cumulativeCounts: [0] }],
      },
      {
        name: "s",
        help: "",
        type: "summary",
        metrics: [
          { ...NONE, labels: { quantile: 9, a: 1 }, quantiles: [0.9], quantileValues: [3] },
        ],
      },
    ],
    body: lines(
      "# TYPE h histogram",
      'h_bucket{le="5.0",a="1"} 0',
      'h_bucket{le="+Inf",a="1"} 0',
      'h_count{a="1"} 0',
      'h_sum{a="1"} 0',
      "# TYPE s summary",
      's{quantile="0.9",a="1"} 3',
      's_count{a="1"} 0',
      's_sum{a="1"} 0',
      "# EOF",
    ),
  },
];

for (const { criterion, families, body, faults = [], scheme = "underscores" } of CASES) {
  test(`createOpenMetricsEncoder() ${criterion}`, () => {
    const encoder = createOpenMetricsEncoder(scheme);
    assert.deepEqual(encodeFamilies(encoder, families), { body, faults });
    // The second time, the names are cached; what is skipped is reported again.
    assert.deepEqual(encodeFamilies(encoder, families), { body, faults });
  });
}

const UNIT_CASES: readonly { name: string; type: MetricType; unit: string; expected: boolean }[] = [
  { name: "a_seconds", type: "gauge", unit: "seconds", expected: true },
  { name: "a_seconds_total", type: "counter", unit: "seconds", expected: true },
  { name: "a_seconds", type: "counter", unit: "seconds", expected: true },
  { name: "a_per_second", type: "unknown", unit: "per_second", expected: true },
  { name: "my.a_seconds", type: "gauge", unit: "seconds", expected: true },
  { name: "a_seconds", type: "gauge", unit: "", expected: false },
  { name: "a_", type: "gauge", unit: "", expected: false },
  { name: "a_seconds", type: "gauge", unit: "bytes", expected: false },
  { name: "aseconds", type: "gauge", unit: "seconds", expected: false },
  { name: "seconds", type: "gauge", unit: "seconds", expected: false },
  { name: "a_seconds_info", type: "info", unit: "seconds", expected: false },
  { name: "a_seconds", type: "stateset", unit: "seconds", expected: false },
  { name: "a_x\ny", type: "gauge", unit: "x\ny", expected: false },
];

for (const { name, type, unit, expected } of UNIT_CASES) {
  const verb = expected ? "writes" : "drops";
  test(`createOpenMetricsEncoder() ${verb} the unit "${unit}" of the ${type} "${name}"`, () => {
    // The type of the metrics, of which there are none, depends on that of the family.
    const family = { name, help: "", type, unit, metrics: [] } as MetricFamily;
    const { body } = encodeFamilies(createOpenMetricsEncoder("allow-utf-8"), [family]);
    assert.equal(body.includes("# UNIT"), expected);
    if (expected) assert.match(body, new RegExp(`^# UNIT \\S+ ${unit}$`, "m"));
  });
}

const UTF_8: readonly MetricFamily[] = [
  {
    ...valueFamily("http.requests_total", "counter"),
    help: "R.",
    metrics: [
      { labels: {}, value: 1, exemplar: { labels: {}, value: 1 } },
      { labels: { "http.status": 200 }, value: 2 },
    ],
  },
  valueFamily("build.x_info", "info"),
  {
    name: "http.latency_seconds",
    help: "",
    unit: "seconds",
    type: "gaugehistogram",
    metrics: [{ ...NONE, upperBounds: [1], cumulativeCounts: [0] }],
  },
];

const UTF_8_BODIES: Readonly<Record<EscapingScheme, string>> = {
  "allow-utf-8": lines(
    '# TYPE "http.requests" counter',
    '# HELP "http.requests" R.',
    '{"http.requests_total"} 1 # {} 1',
    '{"http.requests_total","http.status"="200"} 2',
    '# TYPE "build.x" info',
    '{"build.x_info"} 1',
    '# TYPE "http.latency_seconds" gaugehistogram',
    '# UNIT "http.latency_seconds" seconds',
    '{"http.latency_seconds_bucket",le="1.0"} 0',
    '{"http.latency_seconds_bucket",le="+Inf"} 0',
    '{"http.latency_seconds_gcount"} 0',
    '{"http.latency_seconds_gsum"} 0',
    "# EOF",
  ),
  underscores: lines(
    "# TYPE http_requests counter",
    "# HELP http_requests R.",
    "http_requests_total 1 # {} 1",
    'http_requests_total{http_status="200"} 2',
    "# TYPE build_x info",
    "build_x_info 1",
    "# TYPE http_latency_seconds gaugehistogram",
    "# UNIT http_latency_seconds seconds",
    'http_latency_seconds_bucket{le="1.0"} 0',
    'http_latency_seconds_bucket{le="+Inf"} 0',
    "http_latency_seconds_gcount 0",
    "http_latency_seconds_gsum 0",
    "# EOF",
  ),
  dots: lines(
    "# TYPE http_dot_requests_ counter",
    "# HELP http_dot_requests_ R.",
    "http_dot_requests__total 1 # {} 1",
    'http_dot_requests__total{http_dot_status="200"} 2',
    "# TYPE build_dot_x_ info",
    "build_dot_x__info 1",
    "# TYPE http_dot_latency__seconds gaugehistogram",
    "# UNIT http_dot_latency__seconds seconds",
    'http_dot_latency__seconds_bucket{le="1.0"} 0',
    'http_dot_latency__seconds_bucket{le="+Inf"} 0',
    "http_dot_latency__seconds_gcount 0",
    "http_dot_latency__seconds_gsum 0",
    "# EOF",
  ),
  values: lines(
    "# TYPE U__http_2e_requests_ counter",
    "# HELP U__http_2e_requests_ R.",
    "U__http_2e_requests__total 1 # {} 1",
    'U__http_2e_requests__total{U__http_2e_status="200"} 2',
    "# TYPE U__build_2e_x_ info",
    "U__build_2e_x__info 1",
    "# TYPE U__http_2e_latency__seconds gaugehistogram",
    "# UNIT U__http_2e_latency__seconds seconds",
    'U__http_2e_latency__seconds_bucket{le="1.0"} 0',
    'U__http_2e_latency__seconds_bucket{le="+Inf"} 0',
    "U__http_2e_latency__seconds_gcount 0",
    "U__http_2e_latency__seconds_gsum 0",
    "# EOF",
  ),
};

for (const scheme of ["allow-utf-8", "underscores", "dots", "values"] as const) {
  test(`createOpenMetricsEncoder() writes UTF-8 names by the scheme ${scheme}`, () => {
    const { body, faults } = encodeFamilies(createOpenMetricsEncoder(scheme), UTF_8);
    assert.equal(body, UTF_8_BODIES[scheme]);
    assert.deepEqual(faults, []);
  });

  test(`createOpenMetricsEncoder() names counters as the text format does by ${scheme}`, () => {
    const counters = ["a_total", "b", "c.d_total", "e.total", "_total", "1_total"].map((name) =>
      valueFamily(name, "counter"),
    );
    const samplesOf = (body: string) => body.split("\n").filter((line) => /^[^#]/.test(line));
    assert.deepEqual(
      samplesOf(encodeFamilies(createOpenMetricsEncoder(scheme), counters).body),
      samplesOf(encodeFamilies(createTextEncoder(scheme), counters).body),
    );
  });
}

test("createOpenMetricsEncoder() plans anew when the families change", () => {
  const encoder = createOpenMetricsEncoder("underscores");
  const counter = valueFamily("x_total", "counter");
  const gauge = valueFamily("x", "gauge");
  const alone = lines("# TYPE x counter", "x_total 1", "# EOF");
  const first = lines("# TYPE x_total unknown", "x_total 1", "# TYPE x gauge", "x 1", "# EOF");
  const second = lines("# TYPE x gauge", "x 1", "# TYPE x_total unknown", "x_total 1", "# EOF");

  const growing = [counter];
  assert.equal(encodeFamilies(encoder, growing).body, alone);
  growing.push(gauge);
  assert.equal(encodeFamilies(encoder, growing).body, first);
  assert.equal(encodeFamilies(encoder, [gauge, counter]).body, second);
  assert.equal(encodeFamilies(encoder, [counter]).body, alone);
  assert.equal(encodeFamilies(encoder, []).body, "# EOF\n");
});

test("createOpenMetricsEncoder() serves scrapes that overlap", () => {
  const encoder = createOpenMetricsEncoder("underscores");
  const metrics = Array.from({ length: 20_000 }, (_, n) => ({ labels: { n }, value: n }));
  const large = [{ ...valueFamily("large", "gauge"), metrics }];
  const whole = encodeFamilies(encoder, large).body;

  const steps = encoder.encode(large, assert.fail);
  let body = "";
  for (let step = steps.next(); step.done !== true; step = steps.next()) {
    body += Buffer.from(step.value).toString();
    encodeFamilies(encoder, EVERY_TYPE);
  }
  assert.equal(body, whole);
});

function valueFamily(name: string, type: ValueFamily["type"]): ValueFamily {
  return { name, help: "", type, metrics: [{ labels: {}, value: 1 }] };
}

/** A value of a gatherer without types, which is not held to them. */
function noNumber(value: unknown): number {
  return value as number;
}
