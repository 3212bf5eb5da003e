import assert from "node:assert/strict";
import { test } from "node:test";
import { createTextEncoder } from "../../../src/exposition/text/text.ts";
import type { MetricFamily } from "../../../src/model/metric-family.ts";
import type { EscapingScheme } from "../../../src/model/names.ts";
import { EVERY_TYPE } from "../../helpers/families.ts";
import { encodeFamilies, lines } from "../../helpers/scraping/encode-families.ts";

const EVERY_TYPE_AS_TEXT = lines(
  '# HELP requests_total Requests,\\nby "path" \\\\ code.',
  "# TYPE requests_total counter",
  'requests_total{path="/",code="200"} 1027',
  "requests_total 3 1395066363000",
  "# TYPE temperature_celsius gauge",
  'temperature_celsius{room="a \\"b\\""} -3.5',
  "# HELP mystery Who knows.",
  "# TYPE mystery untyped",
  "mystery 7",
  "# HELP build_info What runs.",
  "# TYPE build_info gauge",
  'build_info{version="1.2"} 1',
  "# TYPE state gauge",
  'state{state="on"} 1',
  'state{state="off"} 0',
  "# HELP latency_seconds How long it took.",
  "# TYPE latency_seconds histogram",
  'latency_seconds_bucket{le="0.00001",path="/"} 0',
  'latency_seconds_bucket{le="1",path="/"} 2',
  'latency_seconds_bucket{le="1000000",path="/"} 3',
  'latency_seconds_bucket{le="+Inf",path="/"} 4',
  'latency_seconds_sum{path="/"} 7.25',
  'latency_seconds_count{path="/"} 4',
  'latency_seconds_bucket{le="+Inf"} 0 1500',
  "latency_seconds_sum 0 1500",
  "latency_seconds_count 0 1500",
  "# TYPE queue_age histogram",
  'queue_age_bucket{le="-1"} 2',
  'queue_age_bucket{le="+Inf"} 2',
  "queue_age_sum -5",
  "queue_age_count 2",
  "# TYPE size_bytes summary",
  'size_bytes{quantile="0",a="b"} 1',
  'size_bytes{quantile="0.5",a="b"} 2',
  'size_bytes{quantile="1",a="b"} 4',
  'size_bytes_sum{a="b"} 5',
  'size_bytes_count{a="b"} 2',
  "size_bytes_sum 0 1500",
  "size_bytes_count 0 1500",
);

test("createTextEncoder() writes every type, scrape after scrape", () => {
  const encoder = createTextEncoder("underscores");
  for (let scrape = 0; scrape < 2; scrape++) {
    assert.deepEqual(encodeFamilies(encoder, EVERY_TYPE), { body: EVERY_TYPE_AS_TEXT, faults: [] });
  }
});

test("createTextEncoder() writes nothing for no families", () => {
  assert.deepEqual(encodeFamilies(createTextEncoder("underscores"), []), { body: "", faults: [] });
});

test("createTextEncoder() writes the head of a family without metrics", () => {
  const { body } = encodeFamilies(createTextEncoder("underscores"), [
    { name: "a", help: "A.", type: "gauge", metrics: [] },
  ]);
  assert.equal(body, lines("# HELP a A.", "# TYPE a gauge"));
});

const UTF_8: readonly MetricFamily[] = [
  {
    name: "http.requests_total",
    help: "",
    type: "counter",
    metrics: [
      { labels: {}, value: 1 },
      { labels: { "http.status": 200, path: "/" }, value: 2 },
    ],
  },
  {
    name: "http.latency",
    help: "Slow.",
    type: "histogram",
    metrics: [{ labels: {}, count: 1, sum: 2, upperBounds: [1], cumulativeCounts: [0] }],
  },
  {
    name: "http.size",
    help: "",
    type: "summary",
    metrics: [{ labels: { "a.b": 1 }, count: 1, sum: 2, quantiles: [1], quantileValues: [2] }],
  },
];

const UTF_8_BODIES: Readonly<Record<EscapingScheme, string>> = {
  "allow-utf-8": lines(
    '# TYPE "http.requests_total" counter',
    '{"http.requests_total"} 1',
    '{"http.requests_total","http.status"="200",path="/"} 2',
    '# HELP "http.latency" Slow.',
    '# TYPE "http.latency" histogram',
    '{"http.latency_bucket",le="1"} 0',
    '{"http.latency_bucket",le="+Inf"} 1',
    '{"http.latency_sum"} 2',
    '{"http.latency_count"} 1',
    '# TYPE "http.size" summary',
    '{"http.size",quantile="1","a.b"="1"} 2',
    '{"http.size_sum","a.b"="1"} 2',
    '{"http.size_count","a.b"="1"} 1',
  ),
  underscores: lines(
    "# TYPE http_requests_total counter",
    "http_requests_total 1",
    'http_requests_total{http_status="200",path="/"} 2',
    "# HELP http_latency Slow.",
    "# TYPE http_latency histogram",
    'http_latency_bucket{le="1"} 0',
    'http_latency_bucket{le="+Inf"} 1',
    "http_latency_sum 2",
    "http_latency_count 1",
    "# TYPE http_size summary",
    'http_size{quantile="1",a_b="1"} 2',
    'http_size_sum{a_b="1"} 2',
    'http_size_count{a_b="1"} 1',
  ),
  dots: lines(
    "# TYPE http_dot_requests__total counter",
    "http_dot_requests__total 1",
    'http_dot_requests__total{http_dot_status="200",path="/"} 2',
    "# HELP http_dot_latency Slow.",
    "# TYPE http_dot_latency histogram",
    'http_dot_latency_bucket{le="1"} 0',
    'http_dot_latency_bucket{le="+Inf"} 1',
    "http_dot_latency_sum 2",
    "http_dot_latency_count 1",
    "# TYPE http_dot_size summary",
    'http_dot_size{quantile="1",a_dot_b="1"} 2',
    'http_dot_size_sum{a_dot_b="1"} 2',
    'http_dot_size_count{a_dot_b="1"} 1',
  ),
  values: lines(
    "# TYPE U__http_2e_requests__total counter",
    "U__http_2e_requests__total 1",
    'U__http_2e_requests__total{U__http_2e_status="200",path="/"} 2',
    "# HELP U__http_2e_latency Slow.",
    "# TYPE U__http_2e_latency histogram",
    'U__http_2e_latency_bucket{le="1"} 0',
    'U__http_2e_latency_bucket{le="+Inf"} 1',
    "U__http_2e_latency_sum 2",
    "U__http_2e_latency_count 1",
    "# TYPE U__http_2e_size summary",
    'U__http_2e_size{quantile="1",U__a_2e_b="1"} 2',
    'U__http_2e_size_sum{U__a_2e_b="1"} 2',
    'U__http_2e_size_count{U__a_2e_b="1"} 1',
  ),
};

for (const scheme of ["allow-utf-8", "underscores", "dots", "values"] as const) {
  test(`createTextEncoder() writes UTF-8 names by the scheme ${scheme}`, () => {
    const { body, faults } = encodeFamilies(createTextEncoder(scheme), UTF_8);
    assert.equal(body, UTF_8_BODIES[scheme]);
    assert.deepEqual(faults, []);
  });
}

test("createTextEncoder() reports at each scrape what it skips", () => {
  const encoder = createTextEncoder("underscores");
  const families: MetricFamily[] = [
    { name: "a.b", help: "", type: "gauge", metrics: [{ labels: {}, value: 1 }] },
    { name: "a_b", help: "", type: "gauge", metrics: [{ labels: {}, value: 2 }] },
  ];
  for (let scrape = 0; scrape < 2; scrape++) {
    assert.deepEqual(encodeFamilies(encoder, families), {
      body: lines("# TYPE a_b gauge", "a_b 1"),
      faults: ["a_b: another family is already called a_b"],
    });
  }
});

test("createTextEncoder() skips metrics whose values are not numbers", () => {
  // A gatherer without types is not held to them.
  const none = undefined as unknown as number;
  const families: MetricFamily[] = [
    {
      name: "a",
      help: "",
      type: "gauge",
      metrics: [
        { labels: { x: 1 }, value: none },
        { labels: {}, value: 5 },
      ],
    },
    {
      name: "h",
      help: "",
      type: "histogram",
      metrics: [
        { labels: { x: 1 }, count: 1, sum: none, upperBounds: [], cumulativeCounts: [] },
        { labels: {}, count: 1, sum: 2, upperBounds: [1, 2], cumulativeCounts: [1, none] },
      ],
    },
    {
      name: "s",
      help: "",
      type: "summary",
      metrics: [
        { labels: { x: 1 }, count: none, sum: 2, quantiles: [], quantileValues: [] },
        { labels: {}, count: 1, sum: 2, quantiles: [0.5], quantileValues: [] },
      ],
    },
  ];
  assert.deepEqual(encodeFamilies(createTextEncoder("underscores"), families), {
    body: lines(
      "# TYPE a gauge",
      "a 5",
      "# TYPE h histogram",
      'h_bucket{le="1"} 1',
      'h_bucket{le="+Inf"} 1',
      "h_sum 2",
      "h_count 1",
      "# TYPE s summary",
      's{quantile="0.5"} NaN',
      "s_sum 2",
      "s_count 1",
    ),
    faults: [
      "a: a value is not a number",
      "h: a value is not a number",
      "h: the count of a bucket is not a number",
      "s: a value is not a number",
    ],
  });
});

test("createTextEncoder() writes le and quantile itself", () => {
  const labels = { le: "9", quantile: "8", a: "1" };
  const { body } = encodeFamilies(createTextEncoder("underscores"), [
    {
      name: "h",
      help: "",
      type: "histogram",
      metrics: [{ labels, count: 1, sum: 2, upperBounds: [], cumulativeCounts: [] }],
    },
    {
      name: "s",
      help: "",
      type: "summary",
      metrics: [{ labels, count: 1, sum: 2, quantiles: [0.5], quantileValues: [2] }],
    },
    { name: "g", help: "", type: "gauge", metrics: [{ labels, value: 1 }] },
  ]);
  assert.equal(
    body,
    lines(
      "# TYPE h histogram",
      'h_bucket{le="+Inf",quantile="8",a="1"} 1',
      'h_sum{quantile="8",a="1"} 2',
      'h_count{quantile="8",a="1"} 1',
      "# TYPE s summary",
      's{quantile="0.5",le="9",a="1"} 2',
      's_sum{le="9",a="1"} 2',
      's_count{le="9",a="1"} 1',
      "# TYPE g gauge",
      'g{le="9",quantile="8",a="1"} 1',
    ),
  );
});

test("createTextEncoder() reads a metric object that changes from step to step", () => {
  const flyweight = { labels: {}, value: 0 };
  const metrics = {
    *[Symbol.iterator]() {
      for (const value of [1, 2]) {
        flyweight.value = value;
        flyweight.labels = { n: value };
        yield flyweight;
      }
    },
  };
  const { body } = encodeFamilies(createTextEncoder("underscores"), [
    { name: "a", help: "", type: "gauge", metrics },
  ]);
  assert.equal(body, lines("# TYPE a gauge", 'a{n="1"} 1', 'a{n="2"} 2'));
});

test("createTextEncoder() gives no type to a counter whose name is only the suffix", () => {
  const metrics = [{ labels: {}, value: 1 }];
  const { body } = encodeFamilies(createTextEncoder("underscores"), [
    { name: ".total", help: "", type: "counter", metrics },
  ]);
  assert.equal(body, lines("# TYPE _total untyped", "_total 1"));
});
